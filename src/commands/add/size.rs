//! Sizes as people write and read them, in powers of ten.
//!
//! Invariant: what is written for people is never read back.

/// Reads `100MB`, `5 GB`, `512kB`, `20`.
pub(super) fn parse(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim_end();
    let unit = text[digits.len()..].trim().to_ascii_lowercase();
    let factor = match unit.as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000_u64,
        _ => return Err("a size is a number with B, kB, MB or GB behind it, such as 100MB".to_owned()),
    };
    let number: u64 =
        digits.parse().map_err(|_| "a size begins with a whole number, such as 100MB".to_owned())?;
    number.checked_mul(factor).ok_or_else(|| "nothing is that large".to_owned())
}

/// `1 byte`, `999 bytes`, `1.5 MB`.
pub(super) fn words(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => {
            let tenths = bytes / (unit / 10);
            match tenths % 10 {
                0 => format!("{} {name}", tenths / 10),
                tenth => format!("{}.{tenth} {name}", tenths / 10),
            }
        }
        None if bytes == 1 => "1 byte".to_owned(),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, size) in
            [("20", 20), ("20B", 20), ("1 kB", 1_000), ("100MB", 100_000_000), ("5gb", 5_000_000_000)]
        {
            assert_eq!(parse(text), Ok(size), "{text}");
        }
        for text in ["", "MB", "-1", "1.5MB", "1TB", "99999999999GB", "é"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_written() {
        for (size, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_000, "1 kB"),
            (1_549, "1.5 kB"),
            (100_000_000, "100 MB"),
            (2_300_000_000, "2.3 GB"),
        ] {
            assert_eq!(words(size), text);
        }
    }
}
