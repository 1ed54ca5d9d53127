//! How well each source of a number does, learned from its readings.
//!
//! A sensor that repeats one value while it never used to, one that creeps away from its
//! neighbours, one that begins to scatter, one that has fallen silent: each betrays itself by
//! departing from its own record or from the others. It is then doubted, weighed less the
//! more it is doubted, and believed again when its readings are in order again.
//!
//! Only settled readings teach, in order of observation, so the order of arrival makes no
//! difference. What is learned:
//! * *Noise*: the variance of its errors as a multiple of the stated one, by the part of
//!   each innovation that is noise in expectation, with forgetting (variational Bayes:
//!   Särkkä & Nummenmaa, IEEE Trans. Autom. Control 54 (2009) 596; here as stochastic
//!   approximation in the logarithm).
//! * *Stuck*: the length of the run of equal values against the longest runs of its own
//!   record; quantised sensors repeat themselves in health, too.
//! * *Scatter*: second differences, recent against usual; a trend has none.
//! * *Drift and bias*: two-sided cumulative sum (Page, Biometrika 41 (1954) 100) of the
//!   difference to the median of all sources against its usual wander. Readings close in
//!   time share their wander and count together as one. With only two sources the
//!   difference does not tell which is at fault: the one whose own steps were
//!   implausible is doubted more.

use crate::half::Half;
use crate::math::{exp, ln, logistic};
use crate::reading::Reading;
use crate::scalar::{Process, first_gain};
use twin_model::{HealthState, SourceHealth, Time};

/// Log-odds against a fault before anything was seen: one reading in a thousand.
const PRIOR_LOG_ODDS: f64 = -7.0;
/// Evidence is not counted beyond this, so that recovery is not put off for ever.
const EVIDENCE_MAX: f64 = 14.0;
/// From here on a source is called faulty.
pub(crate) const DOUBTED: f64 = 0.5;
/// Bounds of the learned noise variance as a multiple of the stated.
const NOISE_RATIO: (f64, f64) = (1e-4, 1e4);
const NOISE_GAIN: f64 = 0.03;
/// Standard deviation that a display leaves, in its steps; and its least step in stated
/// standard deviations, below which rounding is at work.
const DISPLAY_NOISE: f64 = 0.4;
const DISPLAY_LEAST: f64 = 1e-3;
/// Steps of the recent and of the usual scatter.
const RECENT_GAIN: f64 = 1.0 / 8.0;
const USUAL_GAIN: f64 = 1.0 / 200.0;
/// Smallest usual scatter, in stated standard deviations: what quantisation leaves of a
/// quiet day is no record.
const SCATTER_LEAST: f64 = 0.3;
/// A single second difference counts at most this often the usual.
const SCATTER_CLIP: f64 = 12.0;
/// Recent over usual scatter at which evidence of noise begins.
const SCATTER_FREE: f64 = 2.5;
/// Readings in a row with the same value that a source without a record may take.
const RUN_AT_FIRST: f64 = 20.0;
const RUN_GAIN: f64 = 0.005;
/// Readings that the first guess at the longest run is worth.
const RUN_FIRST_WORTH: f64 = 8.0;
/// Equal readings that nobody is blamed for, whatever its record.
const RUN_SPARE: f64 = 3.0;
/// Run, as a part of the longest of its record, from which on a source is no witness that
/// others have moved.
const RUN_MUTE: f64 = 0.5;
/// Step of bias and wander, per independent look at the difference.
const BIAS_GAIN: f64 = 0.02;
/// Readings within this time share their difference to the others.
const LOOK_S: f64 = 900.0;
/// Wander that the cumulative sum lets pass, and most that one look may add.
const DRIFT_SLACK: f64 = 1.5;
const DRIFT_CLIP: f64 = 6.0;
/// Bias, in stated standard deviations, that is not held against a source.
const BIAS_FREE: f64 = 3.0;
/// Own surprises are forgotten with this time.
const OWN_FORGOTTEN_S: f64 = 21_600.0;
/// Squared steps, in variances foreseen, from which on and up to which they count as leaps.
const LEAP_LEAST: f64 = 25.0;
const LEAP_MAX: f64 = 60.0;
/// Sum of lone leaps that is not held against a source, and what each log-odd takes beyond it.
const LEAPS_FREE: f64 = 40.0;
const LEAPS_PER_LOG_ODD: f64 = 15.0;
/// A source is silent beyond this many of its usual intervals.
const SILENT_INTERVALS: f64 = 6.0;
/// A delay beyond this is the clock's fault rather than that of the way.
const SKEW_LEAST_S: f64 = 120.0;
/// How fast a longer delay becomes the least one: 1/40 of the way at each reading.
const DELAY_GAIN: f64 = 0.025;
/// A leap beyond this many usual wanders that another source then follows is forgiven, but
/// for this part.
const FOLLOWED_FROM: f64 = 2.0;
const FOLLOWED_KEPT: f64 = 0.1;
/// How much less a source that is far off tells of what all say together.
const OFFSET_TAIL: f64 = 2.0;
/// Settled readings before a record says anything.
const RECORD_LEAST: u16 = 16;

/// The record of one source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Channel {
    pub(crate) source: u32,
    /// Settled readings, as far as two bytes count.
    pub(crate) readings: u16,
    /// How many of the latest have the same value.
    pub(crate) run: u16,
    /// Variance of its noise as a multiple of the stated.
    pub(crate) noise: f32,
    /// How much it reads above the median of all, and how far that commonly wanders.
    pub(crate) bias: f32,
    pub(crate) wander: f32,
    /// What it says of its own spread, and how far its newest reading was off its bias.
    pub(crate) sd: Half,
    pub(crate) off: Half,
    /// Mean size of second differences: usual, and recently.
    pub(crate) usual: f32,
    pub(crate) recent: Half,
    /// The last step from one reading to the next.
    pub(crate) step: Half,
    /// The longest runs of its record.
    pub(crate) longest: Half,
    /// The smallest step of its record: that of its display, if it has one.
    pub(crate) display: Half,
    /// Cumulative sums above and below its bias.
    pub(crate) above: Half,
    pub(crate) below: Half,
    /// Implausibility of its own steps, lately.
    pub(crate) own: Half,
    /// By how much that exceeds the leaps of all others.
    pub(crate) alone: Half,
    /// Usual seconds between readings.
    pub(crate) interval_s: Half,
    /// Usual seconds from observation to record.
    pub(crate) delay_s: Half,
    /// When it was first doubted, in seconds since 1970; 0 while it is well.
    pub(crate) since_s: u32,
    /// Whether there are others to compare with: none, one, several.
    pub(crate) witnesses: u8,
}

/// A settled reading, as the record of its source takes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settled {
    pub(crate) value: f64,
    pub(crate) observed: Time,
    /// Seconds and value since the source's reading before, if it is known.
    pub(crate) before: Option<(f64, f64)>,
    /// Standard deviation as stated or assumed.
    pub(crate) stated_sd: f64,
    /// Excess of the squared innovation, and the share of noise in what was foretold; none
    /// for the first reading of all.
    pub(crate) excess: f64,
    pub(crate) noise_share: f64,
    /// Factor from successive innovations that disagree.
    pub(crate) whiteness: f64,
    /// Seconds from observation to record.
    pub(crate) delay_s: f64,
    /// What the other sources say, where there are any.
    pub(crate) others: Option<Others>,
}

/// What the other sources say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Others {
    /// Difference of the reading to the median of all sources.
    pub(crate) difference: f64,
    /// The largest recent leap among the others.
    pub(crate) leapt: f64,
    /// How many others there are.
    pub(crate) count: u32,
}

impl Channel {
    pub(crate) fn new(source: u32) -> Self {
        Self {
            source,
            readings: 0,
            run: 0,
            noise: 1.0,
            bias: 0.0,
            wander: 0.0,
            sd: Half::default(),
            off: Half::default(),
            usual: 0.0,
            recent: Half::default(),
            step: Half::default(),
            longest: Half::of(RUN_AT_FIRST),
            display: Half::default(),
            above: Half::default(),
            below: Half::default(),
            own: Half::default(),
            alone: Half::default(),
            interval_s: Half::default(),
            delay_s: Half::default(),
            since_s: 0,
            witnesses: 0,
        }
    }

    /// Notes how implausible the source's own step from its reading before is.
    pub(crate) fn learn_step(
        &mut self,
        process: &Process,
        reading: &Reading,
        own: Option<Reading>,
    ) {
        let Some(own) = own else {
            return;
        };
        let seconds = reading.observed.seconds_since(own.observed);
        let noise = reading.sd() * reading.sd() * f64::from(self.noise);
        let step = reading.value - own.value;
        let foreseen = process.elapse(seconds).change + 2.0 * noise;
        let leap = (step * step / foreseen).min(LEAP_MAX) - LEAP_LEAST;
        let kept = self.own.get() * exp(-seconds / OWN_FORGOTTEN_S);
        let kept = if kept < 0.1 { 0.0 } else { kept };
        self.own = Half::of((kept + leap.max(0.0)).min(5.0 * LEAP_MAX));
    }

    pub(crate) fn learn(&mut self, settled: &Settled) {
        self.learn_noise(settled);
        if let Some((seconds, value)) = settled.before {
            self.learn_interval(seconds);
            self.learn_run(settled.value == value);
            self.learn_display((settled.value - value).abs(), settled.stated_sd);
            self.learn_scatter(settled, seconds, settled.value - value);
        }
        self.witnesses = settled.others.map_or(0, |o| o.count.min(2) as u8);
        if let Some(others) = settled.others {
            self.learn_difference(settled, &others);
        }
        self.learn_delay(settled.delay_s);
        self.readings = self.readings.saturating_add(1);
        self.note_doubt(settled.observed);
    }

    fn learn_noise(&mut self, settled: &Settled) {
        let gain = NOISE_GAIN.max(first_gain(self.readings));
        let step = gain * settled.noise_share * settled.excess;
        let noise = f64::from(self.noise) * exp(step) * settled.whiteness;
        // A display hides what is smaller than its step, and flickers between two.
        let hidden = DISPLAY_NOISE * self.display.get() / settled.stated_sd;
        let least = NOISE_RATIO.0.max(hidden * hidden).min(1.0);
        self.noise = noise.clamp(least, NOISE_RATIO.1) as f32;
    }

    fn learn_interval(&mut self, seconds: f64) {
        let usual = self.interval_s.get();
        self.interval_s = Half::of(if usual == 0.0 {
            seconds
        } else {
            // An outage counts as a few intervals, not as the new habit.
            usual + 0.1 * (seconds.min(4.0 * usual) - usual)
        });
    }

    /// Notes whether it repeats itself.
    pub(crate) fn learn_run(&mut self, is_same: bool) {
        if is_same {
            self.run = self.run.saturating_add(1);
            return;
        }
        let (run, longest) = (f64::from(self.run), self.longest.get());
        let first = 1.0 / (RUN_FIRST_WORTH + f64::from(self.readings));
        let gain = RUN_GAIN.max(first);
        let longest = longest + gain * (run - longest);
        self.longest = Half::of(longest.max(run.min(2.0 * longest + 1.0)));
        self.run = 0;
    }

    fn learn_display(&mut self, step: f64, stated_sd: f64) {
        if step > DISPLAY_LEAST * stated_sd {
            let known = self.display.get();
            let grown = if known == 0.0 { step } else { 1.01 * known };
            self.display = Half::of(step.min(grown));
        }
    }

    fn learn_scatter(&mut self, settled: &Settled, seconds: f64, step: f64) {
        let second = (step - self.step.get()).abs();
        self.step = Half::of(step);
        let is_regular = seconds <= 4.0 * self.interval_s.get();
        if self.readings < 2 || !is_regular {
            return;
        }
        let usual = f64::from(self.usual).max(SCATTER_LEAST * settled.stated_sd);
        let count = f64::from(self.readings);
        // What is doubted becomes usual only slowly.
        let doubted = if self.noise_evidence() > 3.0 {
            0.1
        } else {
            1.0
        };
        let gain = doubted * USUAL_GAIN.max(1.0 / count);
        // What is far beyond the usual hardly becomes it.
        let counted = if self.readings > RECORD_LEAST {
            second.min(3.0 * usual)
        } else {
            second
        };
        let learned = f64::from(self.usual) + gain * (counted - f64::from(self.usual));
        self.usual = learned.max(SCATTER_LEAST * settled.stated_sd) as f32;
        let recent = self.recent.get();
        let limit = SCATTER_CLIP * usual;
        self.recent = Half::of(recent + RECENT_GAIN * (second.min(limit) - recent));
    }

    fn learn_difference(&mut self, settled: &Settled, others: &Others) {
        let interval = self.interval_s.get();
        let look = if interval > 0.0 {
            (interval / LOOK_S).min(1.0)
        } else {
            1.0
        };
        let off = others.difference - f64::from(self.bias);
        self.sd = Half::of(settled.stated_sd);
        self.off = Half::of(off);
        self.alone = Half::of((self.own.get() - others.leapt).max(0.0));
        let count = f64::from(self.readings) * look;
        let has_record = self.readings > RECORD_LEAST && count > 3.0;
        let wander = f64::from(self.wander).max(0.5 * settled.stated_sd);
        if has_record {
            let far = (off / wander).clamp(-DRIFT_CLIP, DRIFT_CLIP);
            let sum = |before: Half, far: f64| {
                let sum = before.get() + look * (far - DRIFT_SLACK);
                Half::of(sum.clamp(0.0, EVIDENCE_MAX))
            };
            self.above = sum(self.above, far);
            self.below = sum(self.below, -far);
        }
        let is_doubted = self.difference_evidence() > 7.0;
        // A doubted source still learns, slowly, so that a new calibration is accepted in time.
        let gain = look * BIAS_GAIN.max(1.0 / (count + 1.0)) * if is_doubted { 0.1 } else { 1.0 };
        let counted = if has_record {
            off.clamp(-4.0 * wander, 4.0 * wander)
        } else {
            off
        };
        self.bias += (gain * counted) as f32;
        let size = 1.25 * counted.abs();
        self.wander += (gain * (size - f64::from(self.wander))) as f32;
    }

    /// Notes the delay of a reading that came too late to settle.
    pub(crate) fn learn_late(&mut self, delay_s: f64) {
        self.learn_delay(delay_s);
        self.readings = self.readings.saturating_add(1);
    }

    /// The least delay is the clock's; what comes on top is the way, and a backlog that was
    /// sent at once says nothing of the clock. A clock that was set right is believed again
    /// at once, one that was set wrong after some forty readings.
    fn learn_delay(&mut self, delay_s: f64) {
        let least = self.delay_s.get();
        self.delay_s = Half::of(if self.readings == 0 || delay_s < least {
            delay_s
        } else {
            least + DELAY_GAIN * (delay_s - least)
        });
    }

    fn note_doubt(&mut self, observed: Time) {
        if self.doubt() < DOUBTED {
            self.since_s = 0;
        } else if self.since_s == 0 {
            let seconds = observed.0.div_euclid(twin_model::time::MICROS);
            self.since_s = seconds.clamp(1, i64::from(u32::MAX)) as u32;
        }
    }

    /// How far the others have moved beyond their usual wander, in wanders.
    fn apart(&self) -> f64 {
        let wander = f64::from(self.wander).max(0.5 * self.sd.get());
        if self.witnesses == 0 || wander == 0.0 || self.readings <= RECORD_LEAST {
            return 0.0;
        }
        (self.off.get().abs() / wander - 1.0).clamp(0.0, DRIFT_CLIP)
    }

    /// The current run as a part of the longest of its record.
    fn relative_run(&self) -> f64 {
        f64::from(self.run) / (self.longest.get() + RUN_SPARE)
    }

    /// Whether it repeats itself for so long that others may move without it.
    pub(crate) fn is_mute(&self) -> bool {
        self.relative_run() >= RUN_MUTE
    }

    /// What another source that had not moved before now does to a leap of this one: it
    /// had run ahead of the news.
    pub(crate) fn confirm_leap(&mut self, before: f64, after: f64) {
        let wander = f64::from(self.wander).max(0.5 * self.sd.get());
        let bias = f64::from(self.bias);
        let (before, after) = ((before - bias).abs(), (after - bias).abs());
        if before > FOLLOWED_FROM * wander && after < 0.5 * before {
            self.own = Half::of(self.own.get() * FOLLOWED_KEPT);
        }
    }

    /// A long run of one value; the longer while others move.
    fn stuck_evidence(&self) -> f64 {
        let run = self.relative_run();
        let others = self.apart() * (run - 0.5).max(0.0);
        (4.0 * run * (1.0 + others)).min(EVIDENCE_MAX)
    }

    /// A bias that is large beside what the source says of itself, where several others
    /// agree against it.
    fn bias_evidence(&self) -> f64 {
        let sd = self.sd.get();
        if self.witnesses < 2 || sd == 0.0 || self.readings <= RECORD_LEAST {
            return 0.0;
        }
        let excess = f64::from(self.bias).abs() / sd - BIAS_FREE;
        (3.0 * excess).clamp(0.0, EVIDENCE_MAX)
    }

    fn noise_evidence(&self) -> f64 {
        let usual = f64::from(self.usual);
        if self.readings <= RECORD_LEAST || usual <= 0.0 {
            return 0.0;
        }
        let ratio = self.recent.get() / usual / SCATTER_FREE;
        let scatter = 8.0 * ln(ratio.max(1.0));
        scatter.max(self.leap_evidence()).min(EVIDENCE_MAX)
    }

    /// Leap after leap that several others do not share: a spike is one up and one down.
    fn leap_evidence(&self) -> f64 {
        if self.witnesses < 2 {
            return 0.0;
        }
        (self.alone.get() - LEAPS_FREE) / LEAPS_PER_LOG_ODD
    }

    fn difference_evidence(&self) -> f64 {
        self.above.get().max(self.below.get())
    }

    fn drift_evidence(&self) -> f64 {
        let evidence = self.difference_evidence();
        match self.witnesses {
            0 => 0.0,
            // One other: it may as well be the other's fault.
            1 => evidence * (0.4 + 0.6 * self.alone.get() / (self.alone.get() + LEAP_MAX)),
            _ => evidence.max(self.bias_evidence()),
        }
    }

    /// Whether it was ever compared with others.
    pub(crate) fn has_compared(&self) -> bool {
        self.bias != 0.0
            || self.wander != 0.0
            || [
                self.above, self.below, self.own, self.alone, self.sd, self.off,
            ] != [Half::default(); 6]
    }

    /// Probability that the source suffers from anything.
    pub(crate) fn doubt(&self) -> f64 {
        let worst = self
            .stuck_evidence()
            .max(self.noise_evidence())
            .max(self.drift_evidence());
        logistic(PRIOR_LOG_ODDS + worst)
    }

    fn fault(&self) -> HealthState {
        let (stuck, noisy, drifting) = (
            self.stuck_evidence(),
            self.noise_evidence(),
            self.drift_evidence(),
        );
        if stuck >= noisy && (stuck >= drifting || self.run >= 8) {
            HealthState::Stuck
        } else if noisy >= drifting {
            HealthState::Noisy
        } else {
            HealthState::Drifting
        }
    }

    /// How much it reads above the middle of all, as far as its record tells; and the
    /// weight with which it belongs to what all of them say together.
    pub(crate) fn offset(&self) -> (f64, f64) {
        let sd = self.sd.get();
        if sd == 0.0 {
            return (0.0, 0.0);
        }
        let count = f64::from(self.readings);
        let known = count / (count + f64::from(RECORD_LEAST));
        // The middle of two lies halfway to the other.
        let way = if self.witnesses == 1 { 0.5 } else { 1.0 };
        let bias = way * known * f64::from(self.bias);
        let variance = sd * sd;
        let robust = 1.0 / (1.0 + OFFSET_TAIL * bias * bias / variance);
        (bias, robust * (1.0 - self.doubt()) / variance)
    }

    /// Seconds by which its clock is ahead, negative where it is behind; 0 unless that is well
    /// beyond a usual delay.
    /// `kept` are readings of any source that have not settled, or were the newest that did.
    pub(crate) fn skew_s(&self, kept: &[Reading]) -> f64 {
        let own = kept.iter().filter(|r| r.source == self.source);
        let delay_s = own.map(Reading::delay_s).fold(self.delay_s.get(), f64::min);
        let is_off = delay_s.abs() > SKEW_LEAST_S && self.readings >= 4;
        if is_off { -delay_s } else { 0.0 }
    }

    /// How the source does, asked at `at`; `kept` as for [`Channel::skew_s`].
    pub(crate) fn health(&self, at: Time, kept: &[Reading]) -> SourceHealth {
        let doubt = self.doubt();
        let skew_s = self.skew_s(kept);
        let mut own = kept.iter().rev().filter(|r| r.source == self.source);
        let last = own.next().map(|r| r.observed);
        let mut health = SourceHealth {
            state: HealthState::Ok,
            since: None,
            doubt,
            bias: if self.witnesses > 0 {
                f64::from(self.bias)
            } else {
                0.0
            },
            noise_ratio: f64::from(self.noise).sqrt(),
            skew_s,
            readings: u32::from(self.readings),
        };
        if doubt >= DOUBTED {
            health.state = self.fault();
            health.since = Some(Time::from_seconds(i64::from(self.since_s)));
        }
        let limit_s = SILENT_INTERVALS * self.interval_s.get();
        if let Some(last) = last.filter(|_| self.readings >= 4) {
            // A clock that is behind makes a source look older than it is.
            let age_s = at.seconds_since(last) + skew_s;
            if age_s > limit_s && doubt < DOUBTED {
                health.state = HealthState::Silent;
                health.since = Some(last.plus_seconds(self.interval_s.get()));
                health.doubt = doubt.max(1.0 - 0.5 * limit_s / age_s);
            }
        }
        health
    }
}
