//! The program: parse, call, print one error, return an exit code. Under the name `yagna` it is the localnet's
//! yagna command, because ray-on-golem finds yagna through `YAGNA_PATH`.

use std::process::ExitCode;

fn main() -> ExitCode {
    golem_outbound::cli::main()
}
