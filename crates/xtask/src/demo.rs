//! `cargo xtask demo`: four organisations on this machine, one of which has a tower in a town.
//!
//! The tower knows its building from its file and its sensors, and the town around it from the
//! files of the municipality and of a map. It tells the brigade, the municipality and the
//! hospital what each of them needs. The link can be cut, a vehicle
//! can carry what is missing, and nothing differs when the link is back.
//!
//! `--headless-check` is the demonstration without an onlooker: it looks for
//! what a person would look for, pulls the plug while observations arrive, and fails
//! when anything is not found again.

mod check;
mod compare;
mod district;
mod four;
mod sensors;

pub(crate) use check::check;
pub(crate) use district::Size;
pub(crate) use four::{Building, Four};

use crate::practice::ACCOUNT;
use crate::{shell, web};
use anyhow::Result;
use std::io::BufRead as _;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// Between two looks at whether a node was killed.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Your own building, an IFC file, without a town [default: a generated tower in its town]
    #[arg(long)]
    building: Option<PathBuf>,
    /// Storeys of the generated tower above ground, 6 to 99
    #[arg(long, default_value_t = 44, conflicts_with = "building")]
    storeys: usize,
    /// Buildings of the town around it, 1 to 20000
    #[arg(long, default_value_t = 120, conflicts_with = "building")]
    buildings: usize,
    /// About how many stretches of street it has, 100 to 120000
    #[arg(long, default_value_t = 600, conflicts_with = "building")]
    street_edges: usize,
    /// Build without optimisation: sooner there, slower with large buildings
    #[arg(long)]
    debug: bool,
    /// Look by itself, for so many seconds at most at each thing: storeys, the town, a way
    /// into the street, a changing estimate, the same answers after kill -9, the link cut,
    /// carried around and healed, nothing differing; then stop
    #[arg(long, value_name = "SECONDS")]
    headless_check: Option<u64>,
}

/// Starts the nodes, fills one, says where to look, and keeps them alive.
pub(crate) fn run(options: &Options) -> Result<()> {
    web::build()?;
    let folder = shell::scratch("demo")?;
    let building = match &options.building {
        Some(file) => Building::File(file),
        None => Building::Tower(Size {
            storeys: options.storeys,
            buildings: options.buildings,
            street_edges: options.street_edges,
        }),
    };
    let four = Four::begin(&folder, building, !options.debug)?;
    match options.headless_check {
        Some(seconds) => check(four, Duration::from_secs(seconds)),
        None => show(four),
    }
}

fn show(mut four: Four) -> Result<()> {
    let mut replay = four.tower.replay(Stdio::null())?;
    four.tell()?;
    eprintln!();
    let tower = (four.tower.url(), four.tower.password.clone());
    eprintln!("tower         {}  {ACCOUNT} / {}", tower.0, tower.1);
    for (other, password) in four.others.iter().zip(&four.passwords) {
        let url = format!("http://{}/", other.node()?.address);
        eprintln!("{:<13} {url}  {ACCOUNT} / {password}", other.name);
    }
    eprintln!(
        "\nType and press Enter:\n  \
         cut           nothing passes between the tower and the others\n  \
         heal          the link is back\n  \
         carry         a vehicle carries what the brigade lacks to it\n  \
         kill NAME     kill -9 of a node\n  \
         start NAME    the same data opened again\n  \
         quit          stop everything (Ctrl-C does, too)"
    );
    let outcome = obey(&mut four, &mut replay);
    let _ = replay.kill();
    replay.wait()?;
    outcome
}

/// Does what is typed until it is `quit`.
fn obey(four: &mut Four, replay: &mut Child) -> Result<()> {
    let typed = typed();
    let mut is_listening = true;
    loop {
        let line = match typed.recv_timeout(LOOK_AGAIN) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => String::new(),
            // There is no keyboard: signals end it.
            Err(RecvTimeoutError::Disconnected) => {
                if std::mem::take(&mut is_listening) {
                    eprintln!("nothing can be typed here; Ctrl-C stops everything");
                }
                std::thread::sleep(LOOK_AGAIN);
                String::new()
            }
        };
        for name in four.ended()? {
            eprintln!("{name} has ended; `start {name}` opens its data again");
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        if words == ["quit"] {
            return Ok(());
        }
        let outcome = act(four, &words);
        if words == ["start", four::TOWER] && outcome.is_ok() {
            // The observations ended with the node that took them.
            let _ = replay.kill();
            replay.wait()?;
            *replay = four.tower.replay(Stdio::null())?;
        }
        match outcome {
            Ok(said) if said.is_empty() => {}
            Ok(said) => eprintln!("{said}"),
            Err(error) => eprintln!("that did not work: {error:#}"),
        }
    }
}

fn act(four: &mut Four, words: &[&str]) -> Result<String> {
    Ok(match words {
        [] => String::new(),
        ["cut"] => {
            four.wire.cut();
            "the link is cut; the pages say so within seconds".to_owned()
        }
        ["heal"] => {
            four.wire.heal();
            "the link is back".to_owned()
        }
        ["carry"] => four.carry("brigade")?,
        ["kill", name] => {
            four.kill(name)?;
            format!("{name} was killed")
        }
        ["start", name] => {
            let url = four.start(name)?;
            format!("{name} is at {url}")
        }
        _ => "cut, heal, carry, kill NAME, start NAME or quit".to_owned(),
    })
}

/// Lines from the keyboard.
fn typed() -> mpsc::Receiver<String> {
    let (lines, typed) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    typed
}
