//! How long the field takes to answer for every space after one new observation, on one core.
//!
//! `cargo run --release -p twin-fusion --example field_bench -- [--json] [--spaces N]`
//!
//! *Tower*: sixty storeys (as many more towers as needed), each with a corridor, rooms along
//! both sides with a door to it and walls between them, two stairs and a lobby. *Slabs*: the same
//! with every room joined to those above and below as well, a solid block of coupled cells. *Scattered*: points in a square, each joined to its six nearest; no building is
//! like this, which is the point. Half of the spaces are measured, one in fifty lies. *Answer*
//! is means and variances of all spaces with cross-checks, from nothing but the observations, at a
//! given scale; *learn* is finding that scale; *door* is a change of one conductance; *tellers* is
//! who tells most about one space. Medians; *cpu*
//! is the mean processor time of an answer (Linux), which other work on the machine disturbs less.

use std::hint::black_box;
use std::time::{Duration, Instant};
use twin_fusion::field::{Edge, Field, Observation, Prior};

const USUAL: Prior = Prior {
    mean: 21.0,
    variance: 9.0,
};

struct Measured {
    graph: &'static str,
    spaces: usize,
    edges: usize,
    factor: usize,
    pattern: Duration,
    answer: Duration,
    answer_cpu: Duration,
    learn: Duration,
    door: Duration,
    tellers: Duration,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let as_json = arguments.iter().any(|a| a == "--json");
    let mut all = Vec::new();
    let given = arguments.iter().position(|a| a == "--spaces");
    let given = given.and_then(|at| arguments.get(at + 1)?.parse().ok());
    for spaces in given.map_or(vec![1_000, 10_000, 100_000], |n| vec![n]) {
        all.push(measure("tower", &tower(spaces, false), spaces));
        all.push(measure("slabs", &tower(spaces, true), spaces));
        all.push(measure("scattered", &scattered(spaces), spaces));
    }
    if as_json {
        let rows: Vec<String> = all.iter().map(Measured::json).collect();
        println!("{{\"field\":[{}]}}", rows.join(","));
        return;
    }
    for m in &all {
        let Measured {
            graph,
            spaces,
            edges,
            factor,
            ..
        } = m;
        print!("{graph:<10} {spaces:>6} spaces {edges:>8} edges {factor:>10} in factor");
        for (name, time) in m.times() {
            print!("  {name} {:.2} ms", ms(time));
        }
        println!();
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

impl Measured {
    fn times(&self) -> [(&'static str, Duration); 6] {
        [
            ("pattern", self.pattern),
            ("answer", self.answer),
            ("answer_cpu", self.answer_cpu),
            ("learn", self.learn),
            ("door", self.door),
            ("tellers", self.tellers),
        ]
    }

    fn json(&self) -> String {
        let Self {
            graph,
            spaces,
            edges,
            factor,
            ..
        } = self;
        let times = self.times();
        let times = times.map(|(name, time)| format!(",\"{name}_ms\":{:.4}", ms(time)));
        format!(
            "{{\"graph\":\"{graph}\",\"spaces\":{spaces},\"edges\":{edges},\"factor\":{factor}{}}}",
            times.concat()
        )
    }
}

fn measure(graph: &'static str, edges: &[Edge], spaces: usize) -> Measured {
    let runs = if spaces > 10_000 { 5 } else { 21 };
    let priors = vec![USUAL; spaces];
    let mut field = None;
    let pattern = median(3, |_| {
        field = Some(Field::new(&priors, edges).expect("a field"));
    });
    let mut field = field.expect("made above");
    let mut observations = observations(spaces);
    let before = processor_time();
    let answer = median(runs, |run| {
        let at = run * 7 % observations.len();
        observations[at].mean += 0.1;
        black_box(field.infer(&observations).expect("an answer"));
    });
    let answer_cpu = processor_time().saturating_sub(before) / runs as u32;
    let learn = median(3, |_| {
        black_box(field.learn(&observations).expect("a scale"));
    });
    let door = median(runs, |run| {
        let change = [(run * 13 % edges.len(), 2.0)];
        field.set_conductances(&change).expect("an edge");
    });
    let posterior = field.infer(&observations).expect("an answer");
    let tellers = median(runs, |run| {
        black_box(posterior.tellers((run * 31 % spaces) as u32));
    });
    Measured {
        graph,
        spaces,
        edges: edges.len(),
        factor: field.factor_len(),
        pattern,
        answer,
        answer_cpu,
        learn,
        door,
        tellers,
    }
}

fn observations(spaces: usize) -> Vec<Observation> {
    let mut chance = Chance(11);
    (0..spaces as u32)
        .step_by(2)
        .map(|node| Observation {
            node,
            mean: 21.0 + chance.unit() + if node % 100 == 0 { 12.0 } else { 0.0 },
            variance: 0.25,
        })
        .collect()
}

const STOREYS: usize = 60;

fn tower(spaces: usize, has_slabs: bool) -> Vec<Edge> {
    let per_storey = (spaces / STOREYS).clamp(8, 170);
    let mut edges = Vec::new();
    let mut join = |a: usize, b: usize, conductance: f64| {
        if a < spaces && b < spaces {
            let (a, b) = (a as u32, b as u32);
            edges.push(Edge { a, b, conductance });
        }
    };
    for space in 0..spaces {
        let (storey, place) = (space / per_storey, space % per_storey);
        let is_lowest = storey % STOREYS == 0;
        let below = space.wrapping_sub(per_storey);
        let corridor = storey * per_storey;
        match place {
            // The corridor: a street joins the towers at their feet.
            0 if is_lowest && storey > 0 => join(space, space - STOREYS * per_storey, 0.2),
            0 => {}
            // Two stairs and the lift lobby.
            1..=3 => {
                join(space, corridor, 0.2);
                if !is_lowest {
                    join(space, below, 4.0);
                }
            }
            _ => {
                join(space, corridor, if space % 10 == 0 { 4.0 } else { 0.2 });
                if place > 5 {
                    join(space, space - 2, 1.0);
                }
                if !is_lowest && has_slabs {
                    join(space, below, 0.3);
                }
            }
        }
    }
    edges
}

fn scattered(spaces: usize) -> Vec<Edge> {
    let mut chance = Chance(3);
    let points: Vec<[f64; 2]> = (0..spaces)
        .map(|_| [chance.unit(), chance.unit()])
        .collect();
    let cells = ((spaces as f64 / 2.0).sqrt() as usize).max(1);
    let cell = |p: &[f64; 2]| p.map(|x| ((x * cells as f64) as usize).min(cells - 1));
    let mut grid = vec![Vec::new(); cells * cells];
    for (i, p) in points.iter().enumerate() {
        let [x, y] = cell(p);
        grid[y * cells + x].push(i);
    }
    let mut edges = Vec::new();
    for (i, p) in points.iter().enumerate() {
        let [x, y] = cell(p);
        let mut near: Vec<(f64, usize)> = Vec::new();
        for row in y.saturating_sub(2)..(y + 3).min(cells) {
            for column in x.saturating_sub(2)..(x + 3).min(cells) {
                for &j in grid[row * cells + column].iter().filter(|&&j| j != i) {
                    let [dx, dy] = [points[j][0] - p[0], points[j][1] - p[1]];
                    near.push((dx * dx + dy * dy, j));
                }
            }
        }
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        let nearest = near.iter().take(6);
        edges.extend(nearest.map(|&(_, j)| (i.min(j) as u32, i.max(j) as u32)));
    }
    edges.sort_unstable();
    edges.dedup();
    let join = |&(a, b): &(u32, u32)| Edge {
        a,
        b,
        conductance: 1.0,
    };
    edges.iter().map(join).collect()
}

/// SplitMix64 (Steele, Lea & Flood 2014).
struct Chance(u64);

impl Chance {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Processor time of this thread so far; zero where the system does not tell.
fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

// A benchmark is the one place here that needs to know what time it is.
#[allow(clippy::disallowed_methods)]
fn median(runs: usize, mut work: impl FnMut(usize)) -> Duration {
    let mut times: Vec<Duration> = (0..runs)
        .map(|run| {
            let start = Instant::now();
            work(run);
            start.elapsed()
        })
        .collect();
    times.sort();
    times[runs / 2]
}
