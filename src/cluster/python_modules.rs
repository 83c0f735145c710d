//! The modules that a program for nodes imports, against what the image and the yaml's commands bring.
//!
//! May import its siblings. Invariant: false alarms are worse than gaps here. Only programs that import Ray are looked
//! at, and whatever cannot be known (another image, a requirements file) counts as brought.

use url::Url;

use super::PIP_INDEX;
use super::config::ClusterConfig;
use super::document::Document;
use super::python_imports::imports;
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
}
