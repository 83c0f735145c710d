//! Markdown: tables, the lines about the machine, the file that they are written into.

use std::path::Path;
use std::process::{Command, ExitCode};

/// Where the measured part of the page begins; what stands above is written by hand.
const MARK: &str = "<!-- measured: what follows is written by `--write` -->";

/// A table with aligned columns.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].chars().count(), 3]).max().unwrap_or(3)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("| {} |\n", padded.collect::<Vec<_>>().join(" | "))
    };
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    line(&head) + &line(&rule) + &rows.iter().map(|row| line(row)).collect::<String>() + "\n"
}

/// `goal: …: met`, and so on.
pub fn goal(what: &str, is_met: bool) -> String {
    format!("Goal: {what}: **{}**.\n\n", if is_met { "met" } else { "missed" })
}

/// When, on what, how often.
pub fn preamble(runs: usize) -> String {
    let processor = first_of("/proc/cpuinfo", "model name").unwrap_or_else(|| "processor unknown".into());
    let system = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let system =
        system.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("").trim_matches('"');
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = said("uname", &["-r"]);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let today = said("date", &["--utc", "+%Y-%m-%d"]);
    format!(
        "Measured on {today} with golem-outbound {} on {cores} cores ({processor}), {system}, Linux {kernel}; load {load} \
         at the start. Times are medians (least..most; number of runs), at most {runs} runs each; ratios are to \
         golem-outbound.\n\n",
        env!("CARGO_PKG_VERSION"),
    )
}

fn first_of(file: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The first line that a command prints.
pub fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// Puts sections into the measured part of a page, each in the place of the one with its heading; others stay.
pub fn write(path: &Path, sections: &[String]) -> ExitCode {
    let page = std::fs::read_to_string(path).unwrap_or_default();
    let (by_hand, before) = page.split_once(MARK).unwrap_or((&page, ""));
    let heading = |section: &str| section.lines().next().unwrap_or_default().to_owned();
    let parts = before.split("\n## ").skip(1).map(|part| format!("## {part}"));
    let mut measured: Vec<String> = parts.map(|part| part.trim_end().to_owned()).collect();
    for section in sections {
        let section = section.trim_end().to_owned();
        match measured.iter_mut().find(|before| heading(before) == heading(&section)) {
            Some(before) => *before = section,
            None => measured.push(section),
        }
    }
    let text = format!("{}\n\n{MARK}\n\n{}\n", by_hand.trim_end(), measured.join("\n\n"));
    match std::fs::write(path, text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("error: failed to write `{}`: {cause}", path.display());
            ExitCode::FAILURE
        }
    }
}
