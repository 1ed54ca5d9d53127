//! Estimates from other owners: joined where they are news, never counted twice.

mod common;

use common::*;
use proptest::prelude::*;
use twin_fusion::{
    DecodeError, Outcome, RECEIVED_MAX, Received, Setting, State, TAGS_MAX, Tag, Tags,
};
use twin_model::{Basis, ClaimId, Distribution, Flag, Summary, Value};

fn received(source: u32, at_s: f64, distribution: Distribution, tags: Tags) -> Received {
    Received {
        claim: ClaimId {
            incarnation: 9,
            sequence: u64::from(source),
        },
        source,
        distribution,
        basis: Basis::Observed,
        about: seconds(at_s),
        evidence_time: seconds(at_s),
        tags,
    }
}

fn gaussian(mean: f64, sd: f64) -> Distribution {
    Distribution::Gaussian { mean, sd }
}

fn foreign(tag: u64) -> Tags {
    Tags::of([Tag::Foreign(tag)])
}

/// A room that source 1 measured at 22 °C.
fn measured() -> State {
    state_of(spec("temperature"), &[number(1, 1, 0.0, 22.0, 0.5)])
}

fn with(mut state: State, name: &str, all: &[Received]) -> State {
    for one in all {
        assert_eq!(state.receive(spec(name), one), Outcome::Accepted);
    }
    state
}

#[test]
fn another_source_makes_surer_and_the_same_does_not() {
    let t = spec("temperature");
    let alone = estimate(&measured(), t, 0.0);
    let sd = |tags: Tags| {
        let one = received(20, 0.0, gaussian(22.4, 0.5), tags);
        moments(&estimate(&with(measured(), "temperature", &[one]), t, 0.0)).1
    };
    let (own_sd, news_sd) = (moments(&alone).1, sd(foreign(7)));
    assert!(news_sd < 0.85 * own_sd, "{news_sd} {own_sd}");
    assert!(
        news_sd > own_sd / 2.0_f64.sqrt(),
        "as if independent: {news_sd}"
    );
    for tags in [
        Tags::of([Tag::Own(1)]),
        Tags::unknown(),
        foreign(7).and_more(),
    ] {
        assert!(sd(tags) >= own_sd);
    }
}

/// A tells B, B tells C, C tells A, each joining what it hears to what it measured itself: A is
/// no surer for hearing itself, though it hears the others as well.
#[test]
fn what_comes_round_adds_nothing() {
    let t = spec("temperature");
    let outward = |tags: &Tags, node: u64| {
        Tags::of(tags.named().iter().map(|tag| match *tag {
            Tag::Own(_) => Tag::Foreign(node),
            tag @ Tag::Foreign(_) => tag,
        }))
    };
    let mut passed: Option<Received> = None;
    let mut sds = Vec::new();
    for hop in 0..30_u32 {
        let node = hop % 3;
        let mut state = measured();
        if let Some(mut heard) = passed.take() {
            heard.tags = Tags::of(heard.tags.named().iter().map(|tag| match *tag {
                Tag::Foreign(own) if own == u64::from(node) => Tag::Own(1),
                tag => tag,
            }));
            state = with(state, "temperature", &[heard]);
        }
        let now = estimate(&state, t, 0.0);
        sds.push(moments(&now).1);
        let tags = outward(&state.tags(), u64::from(node));
        passed = Some(received(20 + node, 0.0, now.distribution.unwrap(), tags));
    }
    let all_three = sds[2];
    assert!(sds[1] < sds[0] && all_three < sds[1]);
    assert!(sds[3..].iter().all(|&sd| sd >= all_three), "{sds:?}");
}

#[test]
fn what_is_only_usual_adds_nothing() {
    let t = spec("temperature");
    let usual = [21, 22, 23].map(|s| received(s, 0.0, gaussian(21.0, 3.0), foreign(s.into())));
    let now = estimate(&with(State::new(t), "temperature", &usual), t, 0.0);
    assert_eq!(moments(&now), (21.0, 3.0));
}

#[test]
fn what_was_received_stands_for_what_nobody_here_measured() {
    let t = spec("temperature");
    let one = received(20, 0.0, gaussian(25.0, 0.5), Tags::unknown());
    let state = with(State::new(t), "temperature", &[one]);
    let now = estimate(&state, t, 60.0);
    assert_eq!(now.summary(), Summary::Observed);
    assert_eq!((now.contributors.len(), now.sources), (1, 1));
    assert_eq!(now.contributors[0].source, source_name(20));
    assert_eq!(now.evidence_age_s(), Some(60.0));
    let (mean, sd) = moments(&estimate(&state, t, 40_000.0));
    assert!(mean < 24.0 && sd > 1.5); // aged
    assert_eq!(estimate(&state, t, 2000.0).summary(), Summary::Stale);
    let next = state.next_change(t, seconds(60.0)).unwrap();
    let summary = |at| state.summary(t, at, &Setting::plain(&source_name));
    assert_eq!(summary(next), Summary::Stale);
    assert!(!state.is_empty());
}

#[test]
fn contributors_name_both_and_shares_sum_up() {
    let t = spec("temperature");
    let one = received(20, 0.0, gaussian(22.4, 0.3), foreign(7));
    let now = estimate(&with(measured(), "temperature", &[one]), t, 0.0);
    assert_eq!(now.summary(), Summary::Fused);
    assert_eq!(now.contributors[0].source, source_name(20));
    assert_eq!(now.contributors[1].source, source_name(1));
    let total: f64 = now.contributors.iter().map(|c| c.weight).sum();
    assert!(total > 0.9 && total <= 1.0 + 1e-9);
}

#[test]
fn contradiction_is_shown_and_widens() {
    let t = spec("temperature");
    let one = received(20, 0.0, gaussian(30.0, 0.5), foreign(7));
    let now = estimate(&with(measured(), "temperature", &[one]), t, 0.0);
    assert!(now.flags.has(Flag::Conflicting) && now.conflict > 0.5);
    let (mean, sd) = moments(&now);
    assert!((mean - 26.0).abs() < 0.5 && sd > 3.5);

    let open = spec("open");
    let own = state_of(open, &[yes_no(1, 1, 0.0, true)]);
    let no = received(20, 0.0, Distribution::Bernoulli { p: 0.01 }, foreign(7));
    let now = estimate(&with(own, "open", &[no]), open, 0.0);
    assert!(now.flags.has(Flag::Conflicting));
    assert!((0.2..0.8).contains(&probability(&now)));
}

#[test]
fn yes_and_no_counts_and_facts_are_joined_by_the_same_rule() {
    let own = [Tags::of([Tag::Own(1)]), foreign(7)];

    let open = spec("open");
    let state = || state_of(open, &[yes_no(1, 1, 0.0, true)]);
    let before = probability(&estimate(&state(), open, 0.0));
    let [same, news] = own.clone().map(|tags| {
        let yes = received(20, 0.0, Distribution::Bernoulli { p: before }, tags);
        probability(&estimate(&with(state(), "open", &[yes]), open, 0.0))
    });
    assert!(
        (same - before).abs() < 1e-12 && news > before,
        "{same} {news} {before}"
    );

    let people = spec("occupancy");
    let state = || state_of(people, &[number(1, 1, 0.0, 3.0, 1.0)]);
    let now = estimate(&state(), people, 0.0);
    let before = moments(&now).1;
    let [same, news] = own.clone().map(|tags| {
        let three = received(20, 0.0, now.distribution.clone().unwrap(), tags);
        moments(&estimate(
            &with(state(), "occupancy", &[three]),
            people,
            0.0,
        ))
        .1
    });
    assert!(
        (same - before).abs() < 1e-3 && news < before,
        "{same} {news} {before}"
    );

    let width = spec("width");
    let state = || state_of(width, &[fact(1, 1, 0.0, Value::Number(0.9))]);
    let now = estimate(&state(), width, 0.0);
    let sureness = |e: &twin_model::Estimate| e.distribution.as_ref().unwrap().confidence();
    let before = sureness(&now).unwrap();
    let [same, news] = own.map(|tags| {
        let it = received(20, 0.0, now.distribution.clone().unwrap(), tags);
        sureness(&estimate(&with(state(), "width", &[it]), width, 0.0)).unwrap()
    });
    assert!(
        (same - before).abs() < 1e-9 && news > before,
        "{same} {news} {before}"
    );
}

#[test]
fn what_is_no_estimate_of_the_attribute_is_refused() {
    let t = spec("temperature");
    for bad in [
        gaussian(f64::NAN, 1.0),
        gaussian(20.0, 0.0),
        Distribution::Bernoulli { p: 0.5 },
    ] {
        let bad = received(20, 0.0, bad, Tags::unknown());
        assert_eq!(measured().receive(t, &bad), Outcome::Refused);
    }
    let hot = received(20, 0.0, gaussian(1e6, 1.0), Tags::unknown());
    assert_eq!(measured().receive(t, &hot), Outcome::OutOfRange);
    let p = vec![0.5_f32; 3];
    let unsummed = received(20, 0.0, Distribution::Counts(p.into()), Tags::unknown());
    let people = spec("occupancy");
    assert_eq!(
        State::new(people).receive(people, &unsummed),
        Outcome::Refused
    );
}

#[test]
fn states_without_stay_small() {
    assert!(size_of::<State>() <= 40, "{}", size_of::<State>());
    let empty = measured();
    let full = with(
        measured(),
        "temperature",
        &[received(20, 0.0, gaussian(22.0, 1.0), foreign(1))],
    );
    assert!(full.heap_bytes() > empty.heap_bytes());
    assert!(full.heap_bytes() < empty.heap_bytes() + 1200);
}

fn anything() -> impl Strategy<Value = Received> {
    let tags = prop::collection::vec((any::<bool>(), 0..5_u64), 0..20);
    (
        0..12_u32,
        0..4_u8,
        18.0..26.0_f64,
        0.1..3.0_f64,
        tags,
        any::<bool>(),
    )
        .prop_map(|(source, at, mean, sd, tags, has_more)| {
            let tags = Tags::of(tags.into_iter().map(|(is_own, n)| {
                if is_own {
                    Tag::Own(n as u32)
                } else {
                    Tag::Foreign(n)
                }
            }));
            let tags = if has_more { tags.and_more() } else { tags };
            let mut one = received(source, f64::from(at), gaussian(mean, sd), tags);
            // One owner does not make two estimates of one time.
            one.claim.sequence = u64::from(source) * 10 + u64::from(at);
            one
        })
}

/// One bit that flipped in a saved state made a standard deviation of 3e154, whose square is
/// no number any more, and nor was the estimate.
#[test]
fn a_spread_beyond_all_numbers_is_no_distribution() {
    let t = spec("temperature");
    for (mean, sd) in [
        (18.0, 3e154),
        (18.0, 1e-200),
        (1e300, 1.0),
        (18.0, f64::NAN),
    ] {
        let mut state = measured();
        state.receive(t, &received(0, 0.0, gaussian(mean, sd), Tags::default()));
        assert_eq!(state, measured(), "{mean} {sd}");
    }
}

proptest! {
    #[test]
    fn order_and_repetition_do_not_matter(list in prop::collection::vec(anything(), 0..30), seed in any::<u64>()) {
        let mut list = list;
        list.sort_by_key(|r| r.claim);
        list.dedup_by_key(|r| r.claim);
        let mut other = list.clone();
        other.extend(list.iter().take(5).cloned());
        Chance(seed).shuffle(&mut other);
        let fold = |all: &[Received]| {
            let mut state = measured();
            for one in all {
                state.receive(spec("temperature"), one);
            }
            state
        };
        let (a, b) = (fold(&list), fold(&other));
        prop_assert_eq!(&a, &b);
        prop_assert!(a.received().len() <= RECEIVED_MAX);
        prop_assert!(a.tags().named().len() <= TAGS_MAX);
    }

    /// Bytes give back what was written, and bytes cut short or changed are no state or a
    /// sound one.
    #[test]
    fn bytes_round_trip(list in prop::collection::vec(anything(), 1..9), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let t = spec("temperature");
        let mut state = measured();
        for one in &list {
            state.receive(t, one);
        }
        let mut bytes = Vec::new();
        state.encode(&mut bytes);
        let mut rest = &bytes[..];
        prop_assert_eq!(&State::decode(t, &mut rest).unwrap(), &state);
        prop_assert!(rest.is_empty());
        let cut = at.index(bytes.len());
        prop_assert_eq!(State::decode(t, &mut &bytes[..cut]).unwrap_err(), DecodeError::Truncated);
        bytes[cut] ^= 1 << bit;
        if let Ok(state) = State::decode(t, &mut &bytes[..]) {
            let now = estimate(&state, t, 100.0);
            prop_assert!(now.distribution.is_none_or(|d| d.moments().unwrap().1 >= 0.0));
        }
    }

    /// Whatever is received, its surest part by itself is not surpassed by more than news of so
    /// many owners can.
    #[test]
    fn certainty_is_bounded_by_the_news(list in prop::collection::vec(anything(), 1..9)) {
        let t = spec("temperature");
        let mut state = State::new(t);
        for one in &list {
            state.receive(t, one);
        }
        let now = estimate(&state, t, 4.0);
        let surest = state.received().iter().map(|r| r.distribution.moments().unwrap().1).fold(3.0, f64::min);
        let (_, sd) = moments(&now);
        // Four equally correlated owners at the very most: 1/(1 + 3·0.25) of 4 times.
        prop_assert!(sd >= surest / (8.0_f64 / 2.75).sqrt() * 0.999);
    }
}
