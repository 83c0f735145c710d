//! The modules that a program for nodes imports, against what the image and the yaml's commands bring.
//!
//! May import its siblings. Invariant: false alarms are worse than gaps here. Only programs that import Ray are looked
//! at, and whatever cannot be known (another image, a requirements file) counts as brought.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::PIP_INDEX;
use super::config::ClusterConfig;
use super::document::Document;
use super::python_literals::scan;
use super::python_urls::NOT_ON_NODES;
use super::reach::is_covered;
use crate::diagnostic::Diagnostic;

/// The standard library of Python 3.10 (`sys.stdlib_module_names`), which the image has.
const STANDARD: &str = include_str!("python-3.10-modules.txt");

/// What `golem/ray-on-golem:0.13.0-py3.10.13-ray2.9.3` has beside it: its Dockerfile's packages and what these need.
const IN_THE_IMAGE: &str = "aiohttp aiohttp_cors aiosignal appdirs async_timeout attr attrs cachetools certifi \
    charset_normalizer click colorful distlib dpath filelock frozenlist google gpustat grpc idna jsonschema msgpack \
    multidict opencensus packaging pip pkg_resources platformdirs prometheus_client psutil pydantic PIL py_spy pynvml \
    ray ray_on_golem referencing requests rpds setuptools six smart_open toml typing_extensions urllib3 virtualenv \
    wcwidth wrapt yaml yarl _yaml";

/// Modules whose package has another name.
const PACKAGES: [(&str, &[&str]); 18] = [
    ("Crypto", &["pycryptodome", "pycrypto"]),
    ("PIL", &["pillow"]),
    ("attr", &["attrs"]),
    ("bs4", &["beautifulsoup4", "bs4"]),
    ("cv2", &["opencv-python", "opencv-python-headless", "opencv-contrib-python"]),
    ("dateutil", &["python-dateutil", "pandas"]),
    ("dotenv", &["python-dotenv"]),
    ("git", &["gitpython"]),
    ("jwt", &["pyjwt"]),
    ("magic", &["python-magic"]),
    ("mpl_toolkits", &["matplotlib"]),
    ("numpy", &["numpy", "pandas", "scipy", "scikit-learn", "matplotlib"]),
    ("pytz", &["pytz", "pandas"]),
    ("serial", &["pyserial"]),
    ("skimage", &["scikit-image"]),
    ("sklearn", &["scikit-learn"]),
    ("usb", &["pyusb"]),
    ("yaml", &["pyyaml"]),
];

static IMPORT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:from\s+([A-Za-z_]\w*)[\w.]*\s+import\b|import\s+(.+))")
        .expect("a test runs this expression")
});

/// One imported module.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Import {
    module: String,
    range: Range<usize>,
}

/// Findings about the imports of a Python text. `cluster` is the text of the cluster file, `local` the modules that
/// stand beside the script.
pub fn import_findings(
    cluster: &str,
    config: &ClusterConfig,
    local: &[String],
    script: &str,
) -> Vec<Diagnostic> {
    let imports = imports(script);
    let known_image =
        |image: &Option<String>| image.as_deref().is_some_and(|tag| tag.starts_with("golem/ray-on-golem:"));
    let images_known = config.node_types.iter().all(|node_type| known_image(&node_type.demand.image_tag));
    if !images_known || !imports.iter().any(|import| import.module == "ray") {
        return Vec::new();
    }
    let commands = config.initialization_commands.iter().chain(&config.setup_commands);
    let installed = commands.map(|command| packages(command)).try_fold(Vec::new(), |mut all, some| {
        all.extend(some?);
        Some(all)
    });
    let Some(installed) = installed else { return Vec::new() };
    let mut findings: Vec<Diagnostic> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for import in &imports {
        let module = import.module.as_str();
        if seen.contains(&module) || is_there(module, &installed) {
            continue;
        }
        seen.push(module);
        let finding = if local.iter().any(|name| name == module) {
            if mounts_files(cluster) {
                continue;
            }
            Diagnostic::warning(
                "module-not-copied",
                format!("`{module}` stays on this computer: `ray submit` copies the script alone"),
            )
            .help(
                "name its files in `file_mounts`, for example `\"/root/{MODULE}.py\": \"./{MODULE}.py\"`"
                    .replace("{MODULE}", module),
            )
        } else {
            let package =
                PACKAGES.iter().find(|(name, _)| *name == module).map_or(module, |(_, packages)| packages[0]);
            Diagnostic::warning(
                "module-not-on-nodes",
                format!("neither the nodes' image nor a command in the cluster file brings `{module}`"),
            )
            .help(format!("add `pip install {package}` to `initialization_commands`{}", index_too(config)))
        };
        findings.push(finding.at_range(script, import.range.clone()));
    }
    findings
}

/// What pip needs beside the command.
fn index_too(config: &ClusterConfig) -> String {
    let index = Url::parse(PIP_INDEX).expect("the index is a URL");
    if is_covered(config, &index) {
        String::new()
    } else {
        format!(", and `\"{PIP_INDEX}\"` to `outbound_urls`")
    }
}

fn is_there(module: &str, installed: &[String]) -> bool {
    let standard = module.starts_with('_') || STANDARD.split_whitespace().any(|name| name == module);
    let plain = normalised(module);
    let packages =
        PACKAGES.iter().find(|(name, _)| *name == module).map_or(&[][..], |(_, packages)| packages);
    standard
        || IN_THE_IMAGE.split_whitespace().any(|name| name == module)
        || installed.iter().any(|package| *package == plain || packages.contains(&package.as_str()))
}

/// The packages that a command installs; `None` if that cannot be told.
fn packages(command: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    for part in command.split([';', '&', '|', '\n', '(', ')']) {
        let words: Vec<&str> = part.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
        if words.iter().any(|word| ["conda", "mamba", "uv", "poetry", "apt", "apt-get"].contains(word)) {
            return None;
        }
        let is_pip = |word: &&str| word.rsplit('/').next().is_some_and(|name| name.starts_with("pip"));
        let Some(pip) = words.iter().position(is_pip) else { continue };
        let Some(install) = words[pip..].iter().position(|word| *word == "install") else { continue };
        let mut arguments = words[pip + install + 1..].iter();
        while let Some(argument) = arguments.next() {
            match *argument {
                "-r" | "--requirement" | "-e" | "--editable" => return None,
                "-i" | "--index-url" | "--extra-index-url" | "-c" | "--constraint" | "-t" | "--target"
                | "-f" | "--find-links" | "--timeout" | "--retries" => {
                    arguments.next();
                }
                option if option.starts_with("-r") || option.starts_with("--requirement=") => return None,
                option if option.starts_with('-') || option.is_empty() => {}
                other if other.contains(['/', '$']) => return None,
                package => {
                    let end = package.find(['=', '<', '>', '!', '~', '[', ';', '@']).unwrap_or(package.len());
                    found.push(normalised(&package[..end]));
                }
            }
        }
    }
    Some(found)
}

fn normalised(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

fn mounts_files(cluster: &str) -> bool {
    let Ok(document) = Document::parse(cluster) else { return true };
    document.at(&["file_mounts"]).is_some_and(|mounts| !mounts.entries().is_empty())
}

/// The modules that a text imports for certain: not those after `try:` or `if TYPE_CHECKING:`, which it may do without.
fn imports(text: &str) -> Vec<Import> {
    let code = code_only(text);
    let mut found = Vec::new();
    let mut guard: Option<usize> = None;
    let mut start = 0;
    for line in code.split_inclusive('\n') {
        let (from, trimmed) = (start, line.trim());
        start += line.len();
        if trimmed.is_empty() {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let goes_on = ["except", "else", "finally", "elif"].iter().any(|word| trimmed.starts_with(word));
        if guard.is_some_and(|guard| indent < guard || (indent == guard && !goes_on)) {
            guard = None;
        }
        if guard.is_none()
            && (trimmed == "try:" || (trimmed.starts_with("if ") && trimmed.contains("TYPE_CHECKING")))
        {
            guard = Some(indent);
        }
        if guard.is_some() || text[from..start].contains(NOT_ON_NODES) {
            continue;
        }
        for statement in line.split(';') {
            let at = from + (statement.as_ptr() as usize - line.as_ptr() as usize);
            found.extend(statement_imports(statement, at));
        }
    }
    found
}

fn statement_imports(statement: &str, at: usize) -> Vec<Import> {
    let Some(captures) = IMPORT.captures(statement) else { return Vec::new() };
    let import = |start: usize, name: &str| Import {
        module: name.to_owned(),
        range: at + start..at + start + name.len(),
    };
    if let Some(module) = captures.get(1) {
        return vec![import(module.start(), module.as_str())];
    }
    let list = captures.get(2).expect("one of the two groups matched");
    let mut found = Vec::new();
    let mut start = list.start();
    for item in list.as_str().split(',') {
        let blank = item.len() - item.trim_start().len();
        let name =
            item.trim_start().split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
        if !name.is_empty() {
            found.push(import(start + blank, name));
        }
        start += item.len() + 1;
    }
    found
}

/// The text with blanks in the place of strings, comments and joined lines; every byte keeps its place.
fn code_only(text: &str) -> String {
    let scan = scan(text);
    let mut bytes = text.as_bytes().to_vec();
    let ranges = scan
        .literals
        .iter()
        .map(|literal| &literal.range)
        .chain(scan.comments.iter().map(|comment| &comment.range));
    for range in ranges {
        bytes[range.clone()].fill(b' ');
    }
    for joined in 0..bytes.len().saturating_sub(1) {
        if bytes[joined..].starts_with(b"\\\n") {
            bytes[joined..joined + 2].fill(b' ');
        }
    }
    String::from_utf8(bytes).expect("whole characters were replaced by blanks")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLUSTER: &str = "provider: {parameters: {node_config: {demand: {image_tag: golem/ray-on-golem:0.13.0-py3.10.13-ray2.9.3}}}}\n\
                           available_node_types: {ray.head.default: {node_config: {}}}\n";

    fn found(commands: &str, script: &str) -> Vec<String> {
        let cluster = format!("{CLUSTER}{commands}");
        let config = ClusterConfig::parse(&cluster).0.unwrap();
        let findings = import_findings(&cluster, &config, &["helpers".to_owned()], script);
        let say = |finding: Diagnostic| {
            let span = finding.span.unwrap();
            format!("{} {}:{}+{}", finding.code, span.line, span.column, span.length)
        };
        findings.into_iter().map(say).collect()
    }

    #[test]
    fn what_nobody_brings_is_found() {
        let script =
            "import os, ray, numpy as np\nfrom sklearn.svm import SVC\nimport requests; import endplay\n";
        assert_eq!(
            found("", script),
            ["module-not-on-nodes 1:17+5", "module-not-on-nodes 2:6+7", "module-not-on-nodes 3:25+7"]
        );
        assert_eq!(
            found(
                "setup_commands: ['pip install -q \"numpy>=1.2\" scikit-learn[x] && pip3 install endplay==1']",
                script
            ),
            [""; 0]
        );
    }

    #[test]
    fn what_cannot_be_known_counts_as_brought() {
        let script = "import ray\nimport endplay\n";
        for command in ["pip install -r x.txt", "pip install ./wheel.whl", "conda install endplay"] {
            assert_eq!(found(&format!("setup_commands: ['{command}']"), script), [""; 0], "{command}");
        }
        assert_eq!(found("", "import endplay"), [""; 0], "no program for nodes");
        for script in [
            "import ray\ntry:\n    import endplay\nexcept ImportError:\n    import other\n",
            "import ray\nif TYPE_CHECKING:\n    import endplay\n",
            "import ray\nfrom . import endplay\n",
            "import ray\n'''\nimport endplay\n'''\n# import endplay\n",
            "import ray\nimport endplay  # golem-outbound: not-on-nodes\n",
        ] {
            assert_eq!(found("", script), [""; 0], "{script}");
        }
        assert_eq!(found("", "import ray\ntry:\n    pass\nfinally:\n    pass\nimport endplay\n").len(), 1);
    }

    #[test]
    fn modules_beside_the_script_must_be_copied() {
        assert_eq!(found("", "import ray\nimport helpers.a\n"), ["module-not-copied 2:8+7"]);
        assert_eq!(
            found("file_mounts: {/root/helpers: ./helpers}\n", "import ray\nimport helpers\n"),
            [""; 0]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text in "((import|from|try:|if TYPE_CHECKING:)[ \\t]{1,2})?[a-zäß_., ;'\"#\\\\\\n()]{0,40}") {
            for import in imports(&text) {
                proptest::prop_assert_eq!(text.get(import.range), Some(import.module.as_str()));
            }
        }
    }
}
