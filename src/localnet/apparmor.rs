//! The AppArmor profile that lets this one program make user namespaces, as `/etc/apparmor.d` of Ubuntu 24.04 has such
//! profiles for others.
//!
//! May import nothing of the house. Invariant: the profile is about the program at the given place and about no other.

use std::path::Path;

/// The profile for the place that packages would use.
const PROFILE: &str = include_str!("../../docs/apparmor/golem-outbound");
const PLACE: &str = "/usr/local/bin/golem-outbound";

/// The profile's text for a program at this place.
pub fn profile(program: &Path) -> String {
    let mut place = String::new();
    for letter in program.to_string_lossy().chars() {
        // What stands for other letters in a profile's paths stands for itself here.
        if r#"\"*?[]{}^@"#.contains(letter) {
            place.push('\\');
        }
        place.push(letter);
    }
    PROFILE.replace(PLACE, &place)
}

/// The line that installs the profile, for a shell.
pub fn install(program: &Path) -> String {
    let file = "/etc/apparmor.d/golem-outbound";
    let text = program.display().to_string();
    let plain = text.chars().all(|letter| letter.is_alphanumeric() || "/._-+".contains(letter));
    let program = if plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) };
    format!("{program} doctor --apparmor-profile | sudo tee {file} && sudo apparmor_parser -r {file}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_names_the_program_where_it_is() {
        let profile = profile(Path::new("/home/a b/{x}/golem-outbound"));
        let line = "\nprofile golem-outbound \"/home/a b/\\{x\\}/golem-outbound\" flags=(unconfined) {\n";
        assert!(profile.contains(line) && !profile.contains(PLACE), "{profile}");
    }

    #[test]
    fn the_line_that_installs_it_can_be_typed() {
        let line = install(Path::new("/home/it's/golem-outbound"));
        let file = "/etc/apparmor.d/golem-outbound";
        let program = r"'/home/it'\''s/golem-outbound'";
        let expected = format!(
            "{program} doctor --apparmor-profile | sudo tee {file} && sudo apparmor_parser -r {file}"
        );
        assert_eq!(line, expected);
    }
}
