//! The `landfast` command.

fn main() -> std::process::ExitCode {
    landfast_cli::main()
}
