//! Ours, two naive methods and the peer on the same readings and questions.

use crate::channel::{Channel, Said, time};
use crate::forecast::Naive;
use crate::metrics::{Belief, Marks, mean};
use crate::peer;
use crate::tower::Heard;
use anyhow::Result;
use std::path::Path;
use twin_fusion::LessonKind;
use twin_model::AttributeSpec;

/// What the moving average looks back.
const WINDOW_S: f64 = 1800.0;

/// Readings, and what is asked between them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Case {
    /// What it is about.
    pub(crate) name: String,
    pub(crate) heard: Vec<Heard>,
    /// Instants and what was so then, in order.
    pub(crate) asked: Vec<(f64, f64)>,
}

/// A reading or a question.
pub(crate) enum Event {
    Heard(Heard),
    Asked(f64),
}

impl Case {
    /// Everything in order of time; at one instant, the question before the reading.
    pub(crate) fn in_order(&self) -> Vec<Event> {
        let mut events = Vec::new();
        let mut asked = self.asked.iter().peekable();
        for heard in &self.heard {
            while let Some((at, _)) = asked.next_if(|(at, _)| *at <= heard.at_s) {
                events.push(Event::Asked(*at));
            }
            events.push(Event::Heard(*heard));
        }
        events.extend(asked.map(|(at, _)| Event::Asked(*at)));
        events
    }

    fn truths(&self) -> impl Iterator<Item = f64> {
        self.asked.iter().map(|(_, so)| *so)
    }
}

/// Mean and spread for each question, where there is an answer.
pub(crate) type Answers = Vec<Option<(f64, f64)>>;

/// What ours believed, and how one-step predictions of the readings did.
struct Ours {
    answers: Answers,
    /// For each settled reading after the learning time: its PIT and its score.
    settled: Vec<(f64, f64)>,
}

fn ours(case: &Case, spec: AttributeSpec) -> Ours {
    let mut channel = Channel::new(spec);
    let mut answers = Answers::new();
    let mut settled = Vec::new();
    let learning_until = case.asked.first().map_or(f64::INFINITY, |(at, _)| *at);
    for event in case.in_order() {
        match event {
            Event::Heard(heard) => {
                channel.tell(&Said {
                    sd: heard.sd,
                    ..Said::number(heard.source, time(heard.at_s), heard.value)
                });
                let lessons = channel.lessons.drain(..);
                settled.extend(lessons.filter(|_| heard.at_s >= learning_until).filter_map(
                    |lesson| match lesson.kind {
                        LessonKind::Number { pit, crps, .. } => Some((pit, crps)),
                        LessonKind::Word { .. } => None,
                    },
                ));
            }
            Event::Asked(at_s) => answers.push(channel.moments(time(at_s))),
        }
    }
    Ours { answers, settled }
}

fn naive(case: &Case, mut method: Naive) -> Answers {
    let mut answers = Answers::new();
    for event in case.in_order() {
        match event {
            Event::Heard(heard) => method.take(heard.at_s, heard.value),
            Event::Asked(at_s) => answers.push(method.believe(at_s)),
        }
    }
    answers
}

/// Marks of every method over the questions that all of them answered.
pub(crate) struct Compared {
    pub(crate) ours: Marks,
    pub(crate) last: Marks,
    pub(crate) average: Marks,
    pub(crate) kalman: Option<Marks>,
    /// Share of readings inside the 90 % interval that was foreseen for them, and their
    /// score; with how many there were.
    pub(crate) settled: (f64, f64, usize),
}

pub(crate) fn compare(
    cases: &[Case],
    spec: AttributeSpec,
    python: Option<&Path>,
    of_readings: bool,
) -> Result<Compared> {
    let believed: Vec<Ours> = cases.iter().map(|case| ours(case, spec)).collect();
    let answers = |method: fn() -> Naive| -> Vec<Answers> {
        cases.iter().map(|case| naive(case, method())).collect()
    };
    let last = answers(Naive::last_value);
    let average = answers(|| Naive::averaging(WINDOW_S));
    let kalman = python
        .map(|python| peer::kalman(python, cases, of_readings))
        .transpose()?;
    let mut all: [Vec<Belief>; 4] = Default::default();
    for (at, case) in cases.iter().enumerate() {
        for (question, truth) in case.truths().enumerate() {
            let peers = kalman
                .as_ref()
                .map_or(Some((f64::NAN, 1.0)), |k| k[at][question]);
            let answers = [
                believed[at].answers[question],
                last[at][question],
                average[at][question],
                peers,
            ];
            let [Some(a), Some(b), Some(c), Some(d)] = answers else {
                continue;
            };
            for (beliefs, (mean, sd)) in all.iter_mut().zip([a, b, c, d]) {
                beliefs.push(Belief { mean, sd, truth });
            }
        }
    }
    let settled: Vec<(f64, f64)> = believed.into_iter().flat_map(|o| o.settled).collect();
    let inside = |pit: f64| f64::from(u8::from((0.05..=0.95).contains(&pit)));
    Ok(Compared {
        ours: Marks::of(&all[0]),
        last: Marks::of(&all[1]),
        average: Marks::of(&all[2]),
        kalman: kalman.map(|_| Marks::of(&all[3])),
        settled: (
            mean(settled.iter().map(|(pit, _)| inside(*pit))),
            mean(settled.iter().map(|(_, crps)| *crps)),
            settled.len(),
        ),
    })
}

pub(crate) fn listed(levels: &[Compared], one: impl Fn(&Compared) -> String) -> String {
    levels.iter().map(one).collect::<Vec<_>>().join(", ")
}

pub(crate) fn beside(levels: &[Compared]) -> String {
    let kalman = |level: &Compared| {
        level
            .kalman
            .map_or("—".into(), |k| format!("{:.3}", k.crps))
    };
    format!(
        "last value {}; moving average {}; Kalman filter (filterpy) {}",
        listed(levels, |level| format!("{:.3}", level.last.crps)),
        listed(levels, |level| format!("{:.3}", level.average.crps)),
        listed(levels, kalman)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(at_s: f64, value: f64) -> Heard {
        Heard {
            at_s,
            source: 0,
            value,
            sd: None,
        }
    }

    #[test]
    fn a_question_comes_before_the_reading_of_its_instant() {
        let case = Case {
            name: "a".into(),
            heard: vec![heard(1.0, 20.0), heard(2.0, 21.0)],
            asked: vec![(2.0, 21.0), (3.0, 0.0)],
        };
        let order: String = case
            .in_order()
            .iter()
            .map(|event| match event {
                Event::Heard(_) => 'h',
                Event::Asked(..) => 'a',
            })
            .collect();
        assert_eq!(order, "haha");
    }

    #[test]
    fn ours_answers_every_question_after_the_first_reading() {
        let case = Case {
            name: "a".into(),
            heard: vec![heard(1.0, 20.0)],
            asked: vec![(0.5, 20.0), (60.0, 20.0)],
        };
        let answers = ours(&case, crate::channel::spec("temperature")).answers;
        assert!(answers[0].is_none());
        assert!((answers[1].unwrap().0 - 20.0).abs() < 1.0);
    }
}
