//! `cargo xtask fuzz`: hostile bytes for every decoder of foreign input.
//!
//! The targets stand in `fuzz/`, laid out as `cargo fuzz` expects, which works
//! too. Here they are built with the pinned toolchain: coverage is a pass of
//! LLVM that needs no nightly compiler, and the address sanitizer that does would
//! find little in code that forbids `unsafe`. What is looked for is a panic, a hang
//! (more than ten seconds for one input) and a memory that grows without bound.

use crate::shell;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// Coverage feedback for libFuzzer (Clang documentation, *SanitizerCoverage*).
const COVERAGE: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    --cfg fuzzing";
/// One input may take this long.
const TIMEOUT_S: u32 = 10;
/// The whole process may grow to this size.
const MEMORY_MAX_MIB: u32 = 2048;

/// What is worth telling of a run that found nothing.
const STATISTICS: [&str; 3] = [
    "stat::number_of_executed_units",
    "stat::slowest_unit_time_sec",
    "stat::peak_rss_mb",
];

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How long each target runs, in seconds
    #[arg(long, default_value_t = 30)]
    seconds: u32,
    /// Only this target
    #[arg(long)]
    target: Option<String>,
    /// Longest input, in bytes
    #[arg(long, default_value_t = 16_384)]
    length: u32,
}

/// Builds and runs the targets one after another.
pub(crate) fn run(options: &Options) -> Result<()> {
    let targets = targets()?;
    let chosen: Vec<_> = match &options.target {
        None => targets,
        Some(name) if targets.contains(name) => vec![name.clone()],
        Some(name) => bail!(
            "there is no target `{name}`; there are {}",
            targets.join(", ")
        ),
    };
    let (folder, host) = (folder(), host()?);
    let mut build = shell::cargo();
    // Not `--locked`: a crate that takes up a dependency would have to be entered here too.
    // Naming the host as target keeps the flags away from build scripts.
    build
        .current_dir(&folder)
        .args(["build", "--release", "--quiet", "--bins"]);
    build.args(["--target", &host]).env("RUSTFLAGS", COVERAGE);
    let built_in = shell::target_dir().join("fuzz");
    shell::run(build.env("CARGO_TARGET_DIR", &built_in))?;
    for name in &chosen {
        let seeds = folder.join("seeds").join(name);
        let corpus = folder.join("corpus").join(name);
        let artifacts = folder.join("artifacts").join(name);
        for made in [&corpus, &artifacts] {
            std::fs::create_dir_all(made)
                .with_context(|| format!("could not make `{}`", made.display()))?;
        }
        let mut target = shell::program(built_in.join(&host).join("release").join(name));
        target.arg(&corpus).arg(&seeds).args([
            format!("-max_total_time={}", options.seconds),
            format!("-max_len={}", options.length),
            format!("-timeout={TIMEOUT_S}"),
            format!("-rss_limit_mb={MEMORY_MAX_MIB}"),
            format!("-artifact_prefix={}/", artifacts.display()),
            "-print_final_stats=1".into(),
        ]);
        let log = artifacts.join("log");
        let outcome = shell::run_logged(&mut target, &log);
        let text = std::fs::read(&log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        outcome.with_context(|| {
            let kept = artifacts.display();
            format!(
                "`{name}` broke; input and log are in `{kept}`\n{}",
                shell::tail(&text, 3000)
            )
        })?;
        for line in text
            .lines()
            .filter(|line| STATISTICS.iter().any(|s| line.starts_with(s)))
        {
            eprintln!("  {line}");
        }
    }
    eprintln!(
        "{} decoder(s) withstood {} s each",
        chosen.len(),
        options.seconds
    );
    Ok(())
}

fn folder() -> PathBuf {
    shell::root().join("fuzz")
}

/// The targets are the files of `fuzz/targets`.
fn targets() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in
        std::fs::read_dir(folder().join("targets")).context("there is no `fuzz/targets`")?
    {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(
                path.file_stem()
                    .and_then(|stem| stem.to_str())
                    .map(str::to_owned),
            );
        }
    }
    names.sort();
    Ok(names)
}

/// The triple of this machine.
fn host() -> Result<String> {
    let text = shell::capture(shell::program("rustc").arg("-vV"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).context("`rustc -vV` names no host")
}
