//! How much is measured, from the arguments.

use std::fmt;
use std::time::Duration;

/// Sizes and durations.
pub struct Plan {
    /// Of each load.
    pub load: Duration,
    /// Workspaces that webhooks are sent for.
    pub workspaces: usize,
    /// Workspaces whose flows run.
    pub flow_workspaces: usize,
    /// Events that each start a run.
    pub events: usize,
    /// Installations of the last measurement.
    pub installed: usize,
    /// Entities that a workspace is read with, and nothing else is measured; none is read otherwise.
    pub entities: usize,
    /// Which trick one workspace plays on the others, and nothing else is measured: `all` plays every one.
    pub trick: Option<String>,
    /// Rounds of that or of reading, each without it and with it.
    pub rounds: usize,
}

impl Plan {
    /// Under two minutes unless more is asked for. Cargo's own `--bench` is let pass.
    pub fn from_arguments(arguments: impl Iterator<Item = String>) -> Self {
        let mut plan = Self {
            load: Duration::from_secs(4),
            workspaces: 1_000,
            flow_workspaces: 500,
            events: 20_000,
            installed: 10_000,
            entities: 0,
            trick: None,
            rounds: 5,
        };
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            if argument == "--hostile" {
                plan.trick = Some(arguments.next().unwrap_or_else(|| usage()));
                continue;
            }
            let mut number = || arguments.next().and_then(|text| text.parse::<usize>().ok()).unwrap_or_else(|| usage());
            match argument.as_str() {
                "--bench" => {}
                "--full" => plan = Self { load: Duration::from_secs(10), events: 80_000, installed: 100_000, ..plan },
                "--seconds" => plan.load = Duration::from_secs(number() as u64),
                "--events" => plan.events = number(),
                "--installed" => plan.installed = number(),
                "--rounds" => plan.rounds = number().max(1),
                "--entities" => plan.entities = number(),
                _ => usage(),
            }
        }
        plan
    }
}

fn usage() -> ! {
    println!("cargo bench --bench road -- [--full] [--seconds N] [--events N] [--installed N]");
    println!("cargo bench --bench road -- --entities N [--rounds N] [--seconds N]");
    println!("cargo bench --bench road -- --hostile all|TRICK [--rounds N] [--events N]   tricks: {}", super::hostile::names());
    std::process::exit(2)
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "plan      {} s a load over {} workspaces; {} events over {} workspaces with a flow; {} installations",
            self.load.as_secs(),
            self.workspaces,
            self.events,
            self.flow_workspaces,
            self.installed
        )
    }
}
