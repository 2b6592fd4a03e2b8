//! The machine that the numbers are of.

use std::fs;
use std::process::Command;

/// Processor, cores, kernel, compiler, and what else is going on.
pub fn describe() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("unknown", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let compiler = Command::new("rustc").arg("-V").output().map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let load = read("/proc/loadavg");
    format!(
        "machine   {model}, {cores} cores, Linux {}, {}; load before the start {}",
        kernel.trim(),
        compiler.unwrap_or_default().trim(),
        load.split(' ').next().unwrap_or_default()
    )
}
