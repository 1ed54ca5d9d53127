//! The same claims, however they come: in another order within the window in which order must
//! not matter, twice, across a restart, on one thread or eight. Estimates must not differ by
//! a bit.
//!
//! Real rooms and motes stand beside generated statements about every modelled attribute.
//! Estimates, what is thought of each source, and what settled readings teach are compared as
//! texts that tell every bit of a number.

use crate::channel::{Channel, Said, time};
use crate::data::{windesheim, wsn};
use crate::row::{Row, hash_all};
use std::path::Path;
use twin_fusion::{State, Witness};
use twin_model::catalogue::Form;
use twin_model::{AttributeSpec, Catalogue, ClaimId, Estimator, Time, Value};
use twin_scenario::rng::Rng;

/// Claims that may change places: few enough and near enough in time to lie in the window
/// together.
const BLOCK: usize = 8;
const BLOCK_S: f64 = 540.0;
/// Longest stream.
const CLAIMS_MAX: usize = 20_000;
/// Generated streams of each attribute, and claims in each.
const STREAMS: usize = 3;
const CLAIMS: usize = 400;
/// Estimates are compared after every so many blocks.
const COMPARED_EVERY: usize = 5;
const THREADS: usize = 8;
/// Duplicates get claim ids from here on.
const AGAIN: u64 = 1 << 40;

/// What is said of one attribute of one twin, in order of time.
struct Stream {
    spec: &'static AttributeSpec,
    said: Vec<Said>,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Estimate,
    Health,
    Lessons,
}

/// All that is compared of a stream, as texts.
type Answers = Vec<(Part, String)>;

/// How many answers differ, by attribute and part.
type Differing = Vec<((&'static str, Part), usize)>;

/// What is done to a stream on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    AsSaid,
    Shuffled,
    Reversed,
    Twice,
    Restarted,
    All,
}

const WAYS: [(Way, &str); 5] = [
    (Way::Shuffled, "shuffled within the window"),
    (Way::Reversed, "reversed within the window"),
    (Way::Twice, "each said twice, under another claim"),
    (Way::Restarted, "written and read again after every block"),
    (Way::All, "shuffled, twice and restarted"),
];

/// How many estimates differ, for each way.
pub(crate) fn measure(data: &Path, seed: u64) -> Vec<Row> {
    let generated = generated(seed);
    let real = real(data);
    let mut rows = vec![row("every modelled attribute, generated", &generated, seed)];
    rows.push(if real.is_empty() {
        Row::new("bit-identical: real rooms and motes").lacking("the data are not there")
    } else {
        row("real rooms and motes", &real, seed)
    });
    rows
}

fn row(name: &str, streams: &[Stream], seed: u64) -> Row {
    let inputs = hash_all(streams.iter().map(|s| (s.spec.name, &s.said)));
    let told = |way: Way| -> Vec<Answers> {
        streams
            .iter()
            .map(|stream| tell(stream, way, seed))
            .collect()
    };
    let straight = told(Way::AsSaid);
    let mut row = Row::new(format!("bit-identical: {name}"));
    let (mut n, mut differing) = (0, 0);
    for (way, words) in WAYS {
        let (compared, wrong) = compare(streams, &straight, &told(way));
        n += compared;
        differing += wrong.iter().map(|(_, count)| count).sum::<usize>();
        row = row.detail(format!("{words}: {}", verdict(compared, &wrong)));
    }
    let (compared, wrong) = compare(streams, &straight, &on_threads(streams, seed));
    n += compared;
    differing += wrong.iter().map(|(_, count)| count).sum::<usize>();
    row.detail(format!(
        "on {THREADS} threads: {}",
        verdict(compared, &wrong)
    ))
    .detail(format!(
        "{} streams, {} claims; blocks of at most {BLOCK} claims within {BLOCK_S:.0} s",
        streams.len(),
        streams.iter().map(|s| s.said.len()).sum::<usize>()
    ))
    .shown(n, format!("{} of {n} the same", n - differing))
    .held_to("all", differing == 0)
    .on(inputs)
}

fn verdict(compared: usize, wrong: &Differing) -> String {
    if wrong.is_empty() {
        return format!("{compared} of {compared} the same");
    }
    let told = wrong.iter().map(|((name, part), n)| match part {
        Part::Estimate => format!("estimates of {name} {n}"),
        Part::Health => format!("sources of {name} {n}"),
        Part::Lessons => format!("lessons of {name} {n}"),
    });
    format!(
        "of {compared} differ: {}",
        told.collect::<Vec<_>>().join(", ")
    )
}

/// How many answers were compared, and how many of each attribute and part differ.
fn compare(streams: &[Stream], straight: &[Answers], other: &[Answers]) -> (usize, Differing) {
    let mut compared = 0;
    let mut wrong = Differing::new();
    for ((stream, a), b) in streams.iter().zip(straight).zip(other) {
        compared += a.len();
        for (part, _) in a.iter().zip(b).filter(|(a, b)| a != b).map(|(a, _)| a) {
            let key = (stream.spec.name, *part);
            match wrong.iter_mut().find(|(of, _)| *of == key) {
                Some((_, count)) => *count += 1,
                None => wrong.push((key, 1)),
            }
        }
    }
    (compared, wrong)
}

fn on_threads(streams: &[Stream], seed: u64) -> Vec<Answers> {
    let share = streams.len().div_ceil(THREADS);
    std::thread::scope(|scope| {
        let parts: Vec<_> = streams
            .chunks(share)
            .map(|part| {
                scope.spawn(move || {
                    part.iter()
                        .map(|s| tell(s, Way::AsSaid, seed))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().expect("a thread that only computes"))
            .collect()
    })
}

/// Tells a stream in some way. Returns what is believed after blocks, and long after all.
fn tell(stream: &Stream, way: Way, seed: u64) -> Answers {
    let mut rng = Rng::of(seed, &format!("{way:?}"));
    let mut channel = Channel::new(*stream.spec);
    let mut answers = Vec::new();
    let mut first = 0;
    for (number, block) in blocks(&stream.said).enumerate() {
        for (claim, said) in arrivals(block, first, way, &mut rng) {
            let claim = ClaimId {
                incarnation: 1,
                sequence: claim,
            };
            channel.tell_as(said, claim, said.at.plus_seconds(1.0));
        }
        first += block.len() as u64;
        if matches!(way, Way::Restarted | Way::All) {
            restart(&mut channel);
        }
        if number % COMPARED_EVERY == 0 {
            answers.extend(answer(&channel, block[block.len() - 1].at));
        }
    }
    if let Some(last) = stream.said.last() {
        let ages = [0.0, 600.0, 86_400.0, 40.0 * 86_400.0];
        answers.extend(
            ages.into_iter()
                .flat_map(|age| answer(&channel, last.at.plus_seconds(age))),
        );
    }
    let mut lessons: Vec<String> = channel.lessons.iter().map(|l| format!("{l:?}")).collect();
    lessons.sort_unstable();
    answers.push((Part::Lessons, lessons.join("\n")));
    answers
}

fn answer(channel: &Channel, at: Time) -> [(Part, String); 2] {
    let health = channel.state.health(&channel.spec, at);
    [
        (Part::Estimate, format!("{:?}", channel.estimate(at))),
        (Part::Health, format!("{health:?}")),
    ]
}

fn restart(channel: &mut Channel) {
    let mut bytes = Vec::new();
    channel.state.encode(&mut bytes);
    channel.state =
        State::decode(&channel.spec, &mut bytes.as_slice()).expect("a state reads what it wrote");
}

/// Runs of claims that lie in one window.
fn blocks(said: &[Said]) -> impl Iterator<Item = &[Said]> {
    let mut rest = said;
    std::iter::from_fn(move || {
        let first = rest.first()?.at;
        let near = |said: &&Said| said.at.seconds_since(first) <= BLOCK_S;
        let length = rest.iter().take(BLOCK).take_while(near).count();
        let (block, after) = rest.split_at(length);
        rest = after;
        Some(block)
    })
}

/// The claims of a block with their numbers, as they arrive.
fn arrivals<'a>(block: &'a [Said], first: u64, way: Way, rng: &mut Rng) -> Vec<(u64, &'a Said)> {
    let mut claims: Vec<(u64, &Said)> = (first..).zip(block).collect();
    if matches!(way, Way::Twice | Way::All) {
        let again: Vec<_> = claims
            .iter()
            .map(|(claim, said)| (claim + AGAIN, *said))
            .collect();
        claims.extend(again);
    }
    match way {
        Way::Shuffled | Way::All => {
            for place in (1..claims.len()).rev() {
                claims.swap(place, rng.index(place + 1));
            }
        }
        Way::Reversed => claims.reverse(),
        Way::AsSaid | Way::Twice | Way::Restarted => {}
    }
    claims
}

fn generated(seed: u64) -> Vec<Stream> {
    let specs = Catalogue::BUILT_IN.iter();
    let each = specs.flat_map(|spec| (0..STREAMS).map(move |stream| (spec, stream)));
    each.filter_map(|(spec, stream)| {
        let mut rng = Rng::of(seed, &format!("{} {stream}", spec.name));
        let said = said_of(spec, stream, &mut rng)?;
        Some(Stream { spec, said })
    })
    .collect()
}

/// Statements of several sources at random instants; nothing for forms that are not made here.
fn said_of(spec: &'static AttributeSpec, stream: usize, rng: &mut Rng) -> Option<Vec<Said>> {
    let mut at_s = 1_767_600_000.0;
    let mut said = Vec::new();
    let mut level = 0.0;
    for _ in 0..CLAIMS {
        at_s += rng.waiting(if stream == 0 { 20.0 } else { 150.0 });
        level = 0.98 * level + rng.normal();
        let value = value_of(spec, level, rng)?;
        said.push(Said {
            source: rng.whole(0, 3) as u32,
            at: time(at_s),
            value,
            sd: None,
            witness: Witness::Itself,
        });
    }
    Some(said)
}

fn value_of(spec: &AttributeSpec, level: f64, rng: &mut Rng) -> Option<Value> {
    Some(match (spec.estimator, spec.form) {
        (
            Estimator::Scalar {
                prior_mean,
                prior_sd,
                ..
            },
            _,
        ) => {
            let number = prior_mean + 0.2 * prior_sd * level;
            // A few stand outside what is plausible, and must do no harm either.
            Value::Number(if rng.chance(0.01) {
                1e7
            } else {
                (number * 100.0).round() / 100.0
            })
        }
        (Estimator::Category { labels, .. }, _) => Value::text(labels[rng.index(labels.len())]),
        (Estimator::Count { .. }, _) => Value::Number(level.abs().round()),
        (_, Form::Boolean) => Value::Boolean(level > 1.0),
        (_, Form::Number) => Value::Number(f64::from(rng.whole(1, 3) as u32)),
        (Estimator::Static { .. }, Form::Text) => Value::text(rng.pick(&["a", "b", "c"])),
        _ => return None,
    })
}

fn real(data: &Path) -> Vec<Stream> {
    let mut streams = Vec::new();
    if let Ok(room) = windesheim::room(data, "999169") {
        let mut told = crate::occupancy::told(&room, room.volume_m3);
        told.truncate(CLAIMS_MAX);
        streams.extend(stream("occupancy", told));
        for (attribute, pair) in [("co2", &room.co2), ("temperature", &room.temperature)] {
            let each = (0..).zip(pair).flat_map(|(source, series)| {
                series
                    .iter()
                    .map(move |&(at, v)| Said::number(source, time(at), v))
            });
            streams.extend(stream(attribute, each.collect()));
        }
    }
    if let Ok(motes) = wsn::temperatures(data) {
        let each = motes.iter().flat_map(|(mote, series)| {
            series
                .iter()
                .map(|&(at, v)| Said::number(*mote, time(at), v))
        });
        streams.extend(stream("temperature", each.collect()));
    }
    streams
}

fn stream(attribute: &str, mut said: Vec<Said>) -> Option<Stream> {
    said.sort_by_key(|said| said.at);
    said.truncate(CLAIMS_MAX);
    let spec = Catalogue::BUILT_IN.get(attribute)?;
    Some(Stream { spec, said })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_all_claims_and_fit_the_window() {
        let said: Vec<Said> = (0..100)
            .map(|i| Said::number(0, time(f64::from(i * i)), 1.0))
            .collect();
        let all: Vec<&[Said]> = blocks(&said).collect();
        assert_eq!(all.iter().map(|b| b.len()).sum::<usize>(), 100);
        assert!(all.iter().all(|b| b.len() <= BLOCK));
        assert!(
            all.iter()
                .all(|b| b[b.len() - 1].at.seconds_since(b[0].at) <= BLOCK_S)
        );
    }

    #[test]
    fn a_difference_is_found_and_named() {
        let streams = [Stream {
            spec: Catalogue::BUILT_IN.get("temperature").unwrap(),
            said: Vec::new(),
        }];
        let said = |text: &str| {
            vec![vec![
                (Part::Estimate, "1".into()),
                (Part::Health, text.into()),
            ]]
        };
        let found = compare(&streams, &said("2"), &said("3"));
        assert_eq!(found, (2, vec![(("temperature", Part::Health), 1)]));
    }
}
