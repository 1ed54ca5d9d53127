//! How many people were in a room: a series of what was measured there goes in as lines, the
//! probability of every number comes out as lines.
//!
//! ```text
//! cargo run --release -p twin-fusion --example room_series -- \
//!     [--volume M3] --at 900,1800,2700 < series.csv
//! cargo run --release -p twin-fusion --example room_series -- --at times.txt < series.csv
//! ```
//!
//! *In*, on standard input: `seconds,witness,source,value[,sd]`, in ascending order of
//! `seconds` (since 1970 or any other beginning). A first line that starts with `seconds`
//! is a heading. `source` is any name. `witness` is one of
//!
//! | witness | value |
//! |---|---|
//! | `count` | people, by somebody or something that counts them |
//! | `co2` | carbon dioxide, ppm |
//! | `ventilation` | fresh air, m3/h |
//! | `motion` | 1 or 0 |
//! | `phones` | phones seen |
//! | `in`, `out` | people through a door since the line before of that source, into the room or out of it |
//!
//! *Times*, `--at`: seconds separated by commas, or a file with one number on each line
//! (anything behind a comma is ignored). Ascending. Each answer rests on the lines up to and
//! including its time, never on later ones.
//!
//! *Out*, on standard output, with a heading:
//! `seconds,mean,p0,q05,q25,q50,q75,q95,n0,n1,…,n63`. `mean` is the expected number, `p0` the
//! probability that nobody is there, `qXX` the smallest number whose cumulated probability
//! reaches XX %, `nK` the probability of K. A room of which nothing is known yet has empty
//! fields.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::process::ExitCode;
use twin_fusion::{Evidence, Setting, State, Witness};
use twin_model::{
    Act, AttributeSpec, Basis, Catalogue, ClaimId, Distribution, Interval, SourceId, Stated, Time,
    Uncertainty, Value,
};

type Error = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(answers) => {
            print!("{answers}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("room_series: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, Error> {
    let options = Options::parse(std::env::args().skip(1))?;
    let mut series = String::new();
    std::io::stdin().read_to_string(&mut series)?;
    let spec = Catalogue::BUILT_IN.get("occupancy").ok_or("no occupancy")?;
    let mut room = Room::new(spec, options.volume_m3);
    let mut lines = series
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with("seconds"))
        .map(Line::parse)
        .peekable();
    let mut answers = heading();
    for at_s in options.times_s {
        while let Some(line) = lines.next_if(|line| line.as_ref().map_or(true, |l| l.at_s <= at_s))
        {
            room.take(&line?)?;
        }
        room.answer(at_s, &mut answers);
    }
    Ok(answers)
}

struct Options {
    volume_m3: Option<f32>,
    times_s: Vec<f64>,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Error> {
        let (mut volume_m3, mut times) = (None, None);
        while let Some(argument) = arguments.next() {
            let value = arguments.next().ok_or("an option without a value")?;
            match argument.as_str() {
                "--volume" => volume_m3 = Some(value.parse()?),
                "--at" => times = Some(value),
                other => return Err(format!("unknown option `{other}`").into()),
            }
        }
        let times = times.ok_or("--at is missing")?;
        let times_s = match std::fs::read_to_string(&times) {
            Ok(text) => numbers(text.lines().map(|l| l.split(',').next().unwrap_or(l)))?,
            Err(_) => numbers(times.split(','))?,
        };
        Ok(Self { volume_m3, times_s })
    }
}

fn numbers<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Vec<f64>, Error> {
    let texts = texts.map(str::trim).filter(|text| !text.is_empty());
    let number = |text: &str| text.parse().map_err(|_| format!("`{text}` is no time"));
    Ok(texts.map(number).collect::<Result<_, _>>()?)
}

/// One line of the series.
struct Line {
    at_s: f64,
    witness: String,
    source: String,
    value: f64,
    sd: Option<f64>,
}

impl Line {
    fn parse(line: &str) -> Result<Self, Error> {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let [at_s, witness, source, value, ..] = fields[..] else {
            return Err(format!("too few fields in `{line}`").into());
        };
        let sd = fields.get(4).filter(|sd| !sd.is_empty());
        Ok(Self {
            at_s: at_s.parse()?,
            witness: witness.to_owned(),
            source: source.to_owned(),
            value: value.parse()?,
            sd: sd.map(|sd| sd.parse()).transpose()?,
        })
    }
}

struct Room {
    spec: &'static AttributeSpec,
    volume_m3: Option<f32>,
    state: State,
    sources: BTreeMap<String, u32>,
    claims: u64,
}

impl Room {
    fn new(spec: &'static AttributeSpec, volume_m3: Option<f32>) -> Self {
        Self {
            spec,
            volume_m3,
            state: State::new(spec),
            sources: BTreeMap::new(),
            claims: 0,
        }
    }

    fn take(&mut self, line: &Line) -> Result<(), Error> {
        self.claims += 1;
        let next = self.sources.len() as u32;
        let source = *self.sources.entry(line.source.clone()).or_insert(next);
        let volume_m3 = self.volume_m3;
        let witness = match line.witness.as_str() {
            "count" => Witness::Itself,
            "co2" => Witness::Co2 { volume_m3 },
            "ventilation" => Witness::Ventilation,
            "motion" => Witness::Motion,
            "phones" => Witness::Phones,
            "in" => Witness::Passages { inward: true },
            "out" => Witness::Passages { inward: false },
            other => return Err(format!("unknown witness `{other}`").into()),
        };
        let value = match witness {
            Witness::Motion => Value::Boolean(line.value >= 0.5),
            _ => Value::Number(line.value),
        };
        let act = Act::Assert(Stated {
            value,
            unit: None,
            uncertainty: line.sd.map(Uncertainty::StandardDeviation),
        });
        let observed = Time::default().plus_seconds(line.at_s);
        let evidence = Evidence {
            claim: ClaimId {
                incarnation: 1,
                sequence: self.claims,
            },
            source,
            act: &act,
            valid: Interval::ALWAYS,
            observed,
            recorded: observed,
            basis: Basis::Observed,
            witness,
        };
        self.state.update(self.spec, &evidence, &mut Vec::new());
        Ok(())
    }

    fn answer(&self, at_s: f64, out: &mut String) {
        let name = |_| SourceId::new("urn:twin:source:series").expect("a URI");
        let at = Time::default().plus_seconds(at_s);
        let estimate = self.state.estimate(self.spec, at, &Setting::plain(&name));
        write!(out, "{at_s}").expect("a string takes all");
        match estimate.distribution {
            Some(Distribution::Counts(p)) => describe(&p, out),
            _ => out.push_str(&",".repeat(FIELDS)),
        }
        out.push('\n');
    }
}

const NUMBERS: usize = 64;
const QUANTILES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];
const FIELDS: usize = 2 + QUANTILES.len() + NUMBERS;

fn heading() -> String {
    let mut heading = "seconds,mean,p0,q05,q25,q50,q75,q95".to_owned();
    (0..NUMBERS).for_each(|n| write!(heading, ",n{n}").expect("a string takes all"));
    heading + "\n"
}

fn describe(p: &[f32], out: &mut String) {
    let mean: f64 = (0..p.len()).map(|n| n as f64 * f64::from(p[n])).sum();
    let mut write = |text: std::fmt::Arguments| out.write_fmt(text).expect("a string takes all");
    write(format_args!(",{mean:.5},{:.6}", p[0]));
    for level in QUANTILES {
        let mut sum = 0.0;
        let reaches = |&n: &usize| {
            sum += f64::from(p[n]);
            sum >= level
        };
        let quantile = (0..p.len()).find(reaches).unwrap_or(p.len() - 1);
        write(format_args!(",{quantile}"));
    }
    for p in p {
        write(format_args!(",{p:.4e}"));
    }
}
