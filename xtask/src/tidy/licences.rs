//! Both licence texts stand at the root and in the folder of each published crate, so that every package carries them.

use std::path::Path;

use crate::problem::Problem;
use crate::workspace::{Workspace, relative};

const TEXTS: &[(&str, &str)] = &[("LICENSE-MIT", "MIT License"), ("LICENSE-APACHE", "Apache License")];

pub(super) fn check(workspace: &Workspace) -> Vec<Problem> {
    let published = workspace.packages.iter().filter(|package| package.is_published());
    let folders = std::iter::once(workspace.root.as_path()).chain(published.map(|package| package.folder()));
    folders.flat_map(|folder| check_folder(&workspace.root, folder)).collect()
}

fn check_folder(root: &Path, folder: &Path) -> Vec<Problem> {
    let check_text = |(name, title): &(&str, &str)| {
        let path = folder.join(name);
        let problem = match std::fs::read_to_string(&path) {
            Ok(text) if text.contains(title) => return None,
            Ok(_) => format!("this is not the text of the {title}"),
            Err(_) => format!("the text of the {title} is missing: link to the one at the root"),
        };
        Some(Problem::new(relative(root, &path), 1, problem))
    };
    TEXTS.iter().filter_map(check_text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_the_texts_is_refused() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let found: Vec<String> = check_folder(here, &here.join("src")).iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("src/LICENSE-MIT:1: the text of the MIT License is missing"));
    }

    #[test]
    fn the_texts_at_the_root_are_what_they_should_be() {
        let root = crate::workspace::root().unwrap();
        assert_eq!(check_folder(&root, &root), []);
    }
}
