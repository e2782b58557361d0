//! A working folder with a state in it, and the command in that folder.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::run::{Run, Scratch, finish, landfast};

/// A state with two instances, a module, something that is only read, a secret and an output.
pub(crate) const STATE: &str = r#"{
  "version": 4,
  "terraform_version": "1.11.4",
  "serial": 7,
  "lineage": "11111111-2222-3333-4444-555555555555",
  "outputs": {
    "name": {
      "value": "shop",
      "type": "string"
    }
  },
  "resources": [
    {
      "mode": "data",
      "type": "aws_ami",
      "name": "base",
      "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
      "instances": [
        {
          "schema_version": 0,
          "attributes": {
            "id": "ami-1"
          },
          "sensitive_attributes": []
        }
      ]
    },
    {
      "mode": "managed",
      "type": "aws_instance",
      "name": "web",
      "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
      "instances": [
        {
          "index_key": "dev",
          "schema_version": 1,
          "attributes": {
            "id": "i-dev",
            "user_data": "CANARY-hunter2"
          },
          "sensitive_attributes": [
            [
              {
                "type": "get_attr",
                "value": "user_data"
              }
            ]
          ]
        },
        {
          "index_key": "prod-1",
          "schema_version": 1,
          "attributes": {
            "id": "i-${prod}\"1\""
          },
          "sensitive_attributes": []
        }
      ]
    },
    {
      "mode": "managed",
      "type": "null_resource",
      "name": "odd",
      "provider": "provider[\"registry.terraform.io/hashicorp/null\"]",
      "instances": [
        {
          "schema_version": 0,
          "attributes": {
            "triggers": null
          },
          "sensitive_attributes": [],
          "dependencies": [
            "aws_instance.web"
          ]
        }
      ]
    },
    {
      "module": "module.db",
      "mode": "managed",
      "type": "aws_db_instance",
      "name": "main",
      "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
      "instances": [
        {
          "schema_version": 2,
          "attributes": {
            "id": "db-1"
          },
          "sensitive_attributes": []
        }
      ]
    }
  ],
  "check_results": null
}
"#;

/// A folder with `terraform.tfstate` in it.
pub(crate) struct Workspace {
    pub(crate) folder: Scratch,
}

impl Workspace {
    pub(crate) fn new() -> Self {
        Self::with(STATE)
    }

    pub(crate) fn with(state: &str) -> Self {
        let folder = Scratch::new();
        folder.file("terraform.tfstate", state);
        Self { folder }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = landfast();
        command.args(arguments).current_dir(self.folder.path(""));
        for name in ["TF_WORKSPACE", "TF_DATA_DIR", "LOGNAME"] {
            command.env_remove(name);
        }
        command.env("USER", "alice").env("XDG_STATE_HOME", self.folder.path("xdg-state"));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        finish(&mut self.command(arguments))
    }

    /// Runs what must succeed, and gives its output.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.out, run.err);
        run.out
    }

    /// Runs what must fail, with the state as it was, and gives its message.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let before = self.read("terraform.tfstate");
        let run = self.run(arguments);
        assert_eq!((run.code, &*run.out), (1, ""), "{arguments:?}: {}", run.err);
        assert_eq!(self.read("terraform.tfstate"), before, "{arguments:?}");
        self.masked(&run.err)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    /// Takes the lock, by a process that holds it until it is killed.
    pub(crate) fn hold(&self) -> Child {
        let mut command = self.command(&["state", "lock", "--reason", "a long apply"]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while !std::fs::read_to_string(self.path(".terraform.tfstate.lock.info"))
            .is_ok_and(|text| text.contains("alice"))
        {
            assert!(std::time::Instant::now() < until, "the lock is not taken");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        child
    }

    /// Output without what differs from run to run: the folder, the host, times, and ids of locks.
    pub(crate) fn masked(&self, text: &str) -> String {
        let folder = format!("{}/", self.path("").to_str().unwrap().trim_end_matches('/'));
        let text = text.replace(&folder, "FOLDER/");
        let words = text.split_inclusive([' ', '\n', ',', ')', ';']).map(|word| {
            let end = word.trim_end_matches([' ', '\n', ',', ')', ';']);
            let rest = &word[end.len()..];
            let start = end.trim_start_matches('(');
            let open = &end[..end.len() - start.len()];
            let is_time = start.len() >= 20 && start.as_bytes()[4] == b'-' && start.as_bytes()[10] == b'T';
            let is_id = start.len() == 36 && start.as_bytes()[8] == b'-' && start.as_bytes()[14] == b'4';
            match start {
                _ if start.starts_with("alice@") => format!("{open}alice@HOST{rest}"),
                _ if is_time => format!("{open}TIME{rest}"),
                _ if is_id => format!("{open}ID{rest}"),
                _ => word.to_owned(),
            }
        });
        words.collect()
    }
}
