//! What the documentation quotes is what it quotes, and what it tells to type can be typed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A fenced block.
#[derive(Debug)]
pub struct Block {
    /// The HTML comment on the line before it, blank lines aside.
    pub comment: Option<String>,
    /// The word behind the fence.
    pub language: String,
    /// What is in it.
    pub text: String,
}

impl Block {
    /// The lines behind `$ `.
    pub fn commands(&self) -> impl Iterator<Item = &str> {
        self.text.lines().filter_map(|line| line.strip_prefix("$ "))
    }
}

/// The fenced blocks of a page. A fence may be longer than three backticks, and ends with as many.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let (mut comment, mut lines) = (None, page.lines());
    while let Some(line) = lines.next() {
        let language = line.trim_start_matches('`');
        let fence = &line[..line.len() - language.len()];
        if fence.len() >= 3 {
            let text =
                lines.by_ref().take_while(|line| *line != fence).map(|line| format!("{line}\n")).collect();
            found.push(Block { comment: comment.take(), language: language.to_owned(), text });
        } else if !line.trim().is_empty() {
            comment =
                line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")).map(str::to_owned);
        }
    }
    found
}

/// README.md and the pages in docs/, by their paths in the repository.
fn pages() -> Vec<(PathBuf, String)> {
    let docs = fs::read_dir(Path::new(ROOT).join("docs")).unwrap().flatten().map(|entry| entry.path());
    let pages = docs.filter(|path| path.extension().is_some_and(|kind| kind == "md"));
    let readme = Path::new(ROOT).join("README.md");
    pages.chain([readme]).map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

fn quotations(kind: &str) -> Vec<(String, Block)> {
    let pages = pages();
    let blocks = pages.iter().flat_map(|(_, page)| blocks(page));
    let named = blocks.filter_map(|block| {
        let comment = block.comment.clone()?;
        comment.strip_prefix(kind).map(|rest| (rest.trim().to_owned(), block))
    });
    named.collect()
}

#[test]
fn a_block_belongs_to_the_comment_before_it() {
    let page = "<!-- file: x -->\n\n````text\na\n```\n````\ntext\n\n```console\n$ one\nsaid\n$ two\n```\n";
    let found = blocks(page);
    assert_eq!((found[0].comment.as_deref(), found[0].text.as_str()), (Some("file: x"), "a\n```\n"));
    assert_eq!((found[1].comment.as_deref(), found[1].language.as_str()), (None, "console"));
    assert_eq!(found[1].commands().collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn every_marked_place_of_a_page_is_filled() {
    for (path, page) in pages() {
        let marks = page.lines().filter(|line| {
            ["<!-- file:", "<!-- walk:", "<!-- whitelist", "<!-- run:", "<!-- not run:"]
                .iter()
                .any(|mark| line.starts_with(mark))
        });
        let filled = blocks(&page).iter().filter(|block| block.comment.is_some()).count();
        assert_eq!(marks.count(), filled, "{}", path.display());
    }
}

#[test]
fn a_quoted_file_is_the_file() {
    let quoted = quotations("file:");
    assert!(quoted.len() >= 2, "the article quotes the cluster file and the script");
    for (path, block) in quoted {
        let file = fs::read_to_string(Path::new(ROOT).join(&path)).unwrap();
        assert!(file == block.text, "the quotation of `{path}` differs from the file");
    }
}

/// The entries only: how they are laid out is for the page to say.
#[test]
fn the_quoted_whitelist_is_the_embedded_one() {
    let [(_, block)] = &quotations("whitelist")[..] else { panic!("one list") };
    let mut expected = Vec::new();
    for list in ["strict", "regex"] {
        let list =
            fs::read_to_string(Path::new(ROOT).join("src/outbound/snapshot").join(format!("{list}.lst")))
                .unwrap();
        expected.extend(list.split_whitespace().map(str::to_owned));
    }
    let mut quoted: Vec<String> = block.text.split_whitespace().map(str::to_owned).collect();
    quoted.retain(|word| !["strict", "strict:", "regex", "regex:"].contains(&word.as_str()));
    expected.sort();
    quoted.sort();
    assert_eq!(quoted, expected);
}

/// The commands of each block behind this comment, page by page.
pub fn commands_marked(mark: &str) -> Vec<Vec<String>> {
    let marked = |block: &Block| block.comment.as_deref() == Some(mark);
    let found = pages().iter().flat_map(|(_, page)| blocks(page)).filter(marked).collect::<Vec<_>>();
    found.iter().map(|block| block.commands().map(ToOwned::to_owned).collect()).collect()
}

/// A block with commands to type: of the language `console` and with `$ ` before each.
fn is_typed(block: &Block) -> bool {
    ["console", "sh", "bash", "shell"].contains(&block.language.as_str())
}

/// Why a block is not run, by the comment before it.
fn not_run(block: &Block) -> Option<&str> {
    block.comment.as_deref()?.strip_prefix("not run: ")
}

/// Programs that need the cluster which only a walk has. `article` finds each of their commands in one.
const OF_A_WALK: [&str; 3] = ["ray ", "ray-on-golem ", "python3 "];

/// Those without a reason not to are run: here, in a walk, or in `another_cluster`.
#[test]
fn commands_of_the_pages_are_run() {
    let mut exempt = 0;
    for (path, page) in pages() {
        let place = tempfile::tempdir().unwrap();
        let mut folder = place.path().to_owned();
        for block in blocks(&page).iter().filter(|block| is_typed(block)) {
            if let Some(reason) = not_run(block) {
                assert!(reason.len() > 10, "{}: `{reason}` is no reason", path.display());
                exempt += 1;
                continue;
            }
            assert_eq!(block.language, "console", "{}: a block with no `$ `", path.display());
            if block.comment.as_deref() == Some("run: in a localnet") {
                continue;
            }
            for command in block.commands() {
                let is_articles = path.ends_with("docs/outbound.md");
                if let Some(name) = command.strip_prefix("cd ") {
                    folder = folder.join(name.trim());
                } else if command.split([' ', ';', '|']).any(|word| word == "golem-outbound") {
                    // `check` and `run` are typed in a project; a page that does not make one means any.
                    if !folder.join("golem-outbound.yaml").exists() && !command.contains(" new ") {
                        folder = a_project(place.path());
                    }
                    assert_runs(command, &folder, &path);
                } else {
                    let of_a_walk = OF_A_WALK.iter().any(|program| command.starts_with(program));
                    assert!(is_articles && of_a_walk, "{}: nobody runs `{command}`", path.display());
                }
            }
        }
    }
    assert_eq!(exempt, 6, "blocks that are not run");
}

/// A command in a block of plain text would escape the test above.
#[test]
fn commands_stand_in_blocks_of_commands() {
    for (path, page) in pages() {
        for block in blocks(&page).iter().filter(|block| !is_typed(block)) {
            let typed =
                block.text.lines().find(|line| line.trim_start_matches("$ ").starts_with("golem-outbound "));
            assert_eq!(typed, None, "{}", path.display());
        }
    }
}

fn a_project(place: &Path) -> PathBuf {
    let example = Path::new(ROOT).join("examples/docs-outbound");
    let copied = Command::new("cp").arg("-r").arg(example).arg(place).status().unwrap();
    assert!(copied.success());
    place.join("docs-outbound")
}

/// By a shell, because quotes and comments are the shell's. A finding (1) is an answer, and so is what a machine lacks
/// (3); a command line that cannot be used (2) or a defect (70) is not.
fn assert_runs(command: &str, folder: &Path, page: &Path) {
    let (before, _) = command.split_once(" #").unwrap_or((command, ""));
    let verb = before.split_whitespace().skip_while(|word| *word != "golem-outbound").nth(1).unwrap();
    // The walk itself is walked in `ordinary_user`, with this command; here it would be the third.
    let tried = if verb == "run" { format!("{before} --dry-run") } else { before.to_owned() };
    let program = Path::new(env!("CARGO_BIN_EXE_golem-outbound"));
    let path = std::env::join_paths(
        std::iter::once(program.parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &tried])
        .current_dir(folder)
        .env("PATH", path.unwrap())
        // What a page tells to keep is not kept for whoever runs the tests.
        .env("XDG_DATA_HOME", folder.join(".data"))
        .stdin(std::process::Stdio::null());
    let output = shell.output().unwrap();
    let allowed: &[i32] = if ["explain", "check", "doctor"].contains(&verb) { &[0, 1, 3] } else { &[0] };
    let code = output.status.code().unwrap();
    assert!(allowed.contains(&code), "{}: `{tried}` ends with {code}: {output:?}", page.display());
}
