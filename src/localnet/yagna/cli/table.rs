//! Tables for people, drawn as yagna draws them.
//!
//! May import nothing of the house. Invariant: a table without rows shows one empty row.

use console::measure_text_width;

/// A table of text.
pub(super) struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub fn new<const N: usize>(columns: [&str; N]) -> Self {
        Self { columns: columns.map(str::to_owned).to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }

    fn widths(&self) -> Vec<usize> {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.chain(self.columns.get(column)).map(|cell| measure_text_width(cell)).max().unwrap_or(0)
        };
        (0..self.columns.len()).map(width).collect()
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let widths = self.widths();
        let rule = |left: &str, middle: &str, right: &str| {
            let dashes: Vec<String> = widths.iter().map(|width| "─".repeat(width + 4)).collect();
            format!("{left}{}{right}", dashes.join(middle))
        };
        let line = |cells: &[String]| {
            let padded: Vec<String> = widths
                .iter()
                .enumerate()
                .map(|(column, width)| {
                    let cell = cells.get(column).map_or("", String::as_str);
                    format!("  {cell}{}  ", " ".repeat(width - measure_text_width(cell)))
                })
                .collect();
            format!("│{}│", padded.join("│"))
        };
        writeln!(f, "{}", rule("┌", "┬", "┐"))?;
        writeln!(f, "{}", line(&self.columns))?;
        writeln!(f, "{}", rule("├", "┼", "┤"))?;
        if self.rows.is_empty() {
            writeln!(f, "{}", line(&[]))?;
        }
        for row in &self.rows {
            writeln!(f, "{}", line(row))?;
        }
        write!(f, "{}", rule("└", "┴", "┘"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_wide_as_its_widest_cell() {
        let mut table = Table::new(["name", "key"]);
        insta::assert_snapshot!(table, @r"
        ┌────────┬───────┐
        │  name  │  key  │
        ├────────┼───────┤
        │        │       │
        └────────┴───────┘
        ");
        table.row(["ray-on-golem".into(), "x".into()]);
        insta::assert_snapshot!(table, @r"
        ┌────────────────┬───────┐
        │  name          │  key  │
        ├────────────────┼───────┤
        │  ray-on-golem  │  x    │
        └────────────────┴───────┘
        ");
    }
}
