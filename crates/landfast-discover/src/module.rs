//! The root module of a configuration.

use std::collections::BTreeMap;
use std::path::Path;

use landfast_state::address::provider_source;
use landfast_state::{Members, Value};

use crate::error::{EvaluationError, ReadModuleError};
use crate::evaluate::Evaluator;
use crate::files::{self, ConfigurationFile};
use crate::inputs::{GivenValues, Inputs};
use crate::json_syntax::{self, Texts};
use crate::native;
use crate::overriding::merge;
use crate::place::{Place, SourceText};
use crate::provider::ProviderBlock;
use crate::resource::{ProviderReference, ResourceBlock};
use crate::tree::{Block, Body, Node, Syntax, Term};
use crate::variable::Variable;

/// What the files of a folder say, as far as it is known without terraform.
///
/// Nothing is computed before it is asked for: what cannot be computed is an error where it is needed, and nowhere else.
#[derive(Clone)]
pub struct RootModule {
    pub(crate) given: GivenValues,
    pub(crate) workspace: Option<String>,
    pub(crate) variables: BTreeMap<String, Variable>,
    pub(crate) locals: BTreeMap<String, Node>,
    backend: Option<BackendBlock>,
    required_providers: BTreeMap<String, RequiredProvider>,
    providers: BTreeMap<ProviderReference, ProviderBlock>,
    resources: Vec<ResourceBlock>,
}

impl std::fmt::Debug for RootModule {
    /// Shows no values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RootModule")
            .field("variables", &self.variables.keys().collect::<Vec<_>>())
            .field("locals", &self.locals.keys().collect::<Vec<_>>())
            .field("backend", &self.backend)
            .field("providers", &self.providers.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Where the state of a configuration is.
#[derive(Clone)]
pub struct BackendBlock {
    kind: String,
    place: Place,
    body: Body,
}

impl std::fmt::Debug for BackendBlock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BackendBlock").field("kind", &self.kind).field("place", &self.place).finish_non_exhaustive()
    }
}

impl BackendBlock {
    /// The kind of store, such as `s3`; `cloud` for a block of that name.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }
}

/// A provider that a configuration requires.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequiredProvider {
    /// Its source address, in full.
    pub source: String,
    /// Which versions it may have, as it is written.
    pub version: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// Blocks that are merged or told apart by what they are for.
#[derive(Default)]
struct Gathered {
    terraform: Vec<(Block, Role)>,
    locals: BTreeMap<String, Node>,
    blocks: Vec<Block>,
    /// Where the block of this kind, with these labels and this alias is.
    known: BTreeMap<(String, Vec<String>, Option<String>), usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Primary,
    Override,
}

/// The blocks that are read, with how many labels they have.
const KINDS: [(&str, usize); 6] =
    [("terraform", 0), ("locals", 0), ("provider", 1), ("variable", 1), ("resource", 2), ("data", 2)];

impl RootModule {
    /// Reads the configuration in a folder. A folder in which there is none is an empty one.
    ///
    /// # Errors
    /// When files cannot be read or are not in the language, when something stands twice or overrides what is not there, and
    /// when what terraform does not compute, such as the source of a provider, is not written plainly.
    pub fn read(folder: &Path, inputs: &Inputs) -> Result<Self, ReadModuleError> {
        let names = files::names(folder)?;
        let mut gathered = Gathered::default();
        for file in files::configuration(folder, &names) {
            let text = files::read(&file.path)?;
            gathered.add_file(&file, &text)?;
        }
        let given = GivenValues::gather(folder, &names, inputs)?;
        gathered.module(given, inputs.workspace.clone())
    }

    /// Reads a configuration that is one text, in terraform's own language. Errors call it by `name`.
    ///
    /// # Errors
    /// As [`RootModule::read`].
    pub fn of_text(name: &str, text: &str, inputs: &Inputs) -> Result<Self, ReadModuleError> {
        let is_json = name.ends_with(".json");
        let file = ConfigurationFile { path: name.into(), is_json, is_override: false };
        let mut gathered = Gathered::default();
        gathered.add_file(&file, text)?;
        let given = GivenValues::gather(Path::new(name), &[], inputs)?;
        gathered.module(given, inputs.workspace.clone())
    }

    /// The block that says where the state is.
    #[must_use]
    pub fn backend(&self) -> Option<&BackendBlock> {
        self.backend.as_ref()
    }

    /// What stands in the block that says where the state is. Nested blocks are lists; in JSON, where they look like attributes, they
    /// are as they are written.
    ///
    /// # Errors
    /// When something in it cannot be computed.
    pub fn backend_members(&self) -> Result<Members, EvaluationError> {
        self.backend.as_ref().map_or_else(|| Ok(Members::new()), |backend| self.members(&backend.body))
    }

    fn members(&self, body: &Body) -> Result<Members, EvaluationError> {
        let mut members = Members::new();
        for (name, node) in &body.attributes {
            members.insert(name.clone(), Evaluator::new(self).value(node)?);
        }
        for block in &body.blocks {
            let value = Value::Object(self.members(&block.body)?);
            match members.entry(block.kind.clone()).or_insert_with(|| Value::List(Vec::new())) {
                Value::List(elements) => elements.push(value),
                other => *other = value,
            }
        }
        Ok(members)
    }

    /// The providers that it requires, by their names in this module.
    #[must_use]
    pub fn required_providers(&self) -> &BTreeMap<String, RequiredProvider> {
        &self.required_providers
    }

    /// The source address of the provider that has this name here, in full: what is required, or else HashiCorp's of that name.
    ///
    /// # Errors
    /// When the name is none of a provider.
    pub fn provider_source(&self, name: &str) -> Result<String, landfast_state::address::AddressError> {
        match self.required_providers.get(name) {
            Some(required) => Ok(required.source.clone()),
            None => provider_source(name),
        }
    }

    /// The configurations of providers, by name and alias.
    pub fn provider_blocks(&self) -> impl Iterator<Item = (&ProviderReference, &ProviderBlock)> {
        self.providers.iter()
    }

    /// The configuration of the provider with this source address that has this alias, or none; as states refer to it.
    #[must_use]
    pub fn provider_of(&self, source: &str, alias: Option<&str>) -> Option<&ProviderBlock> {
        let fits = |(reference, _): &(&ProviderReference, &ProviderBlock)| {
            reference.alias.as_deref() == alias
                && self.provider_source(&reference.name).is_ok_and(|known| known.eq_ignore_ascii_case(source))
        };
        self.providers.iter().find(fits).map(|(_, block)| block)
    }

    /// The configuration of a provider that a resource uses: what it asks for, or the one that its type is named after.
    #[must_use]
    pub fn provider_reference(&self, resource: &ResourceBlock) -> ProviderReference {
        resource.provider.clone().unwrap_or_else(|| {
            let type_name = &resource.address.type_name;
            let name = type_name.split('_').next().unwrap_or(type_name);
            ProviderReference { name: name.to_owned(), alias: None }
        })
    }

    /// The names of the variables.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    /// The value of a variable: what it was given, or its default, as its type wants it, marked where it is sensitive.
    ///
    /// # Errors
    /// When there is none, or it is of another type.
    pub fn variable(&self, name: &str) -> Result<Value, EvaluationError> {
        let place = self.variables.get(name).map_or_else(|| nowhere(name), |variable| variable.place.clone());
        Evaluator::new(self).variable(name, &place)
    }

    /// The names of the locals.
    pub fn locals(&self) -> impl Iterator<Item = &str> {
        self.locals.keys().map(String::as_str)
    }

    /// The value of a local.
    ///
    /// # Errors
    /// When there is none of that name, or it cannot be computed.
    pub fn local(&self, name: &str) -> Result<Value, EvaluationError> {
        let place = self.locals.get(name).map_or_else(|| nowhere(name), |node| node.place.clone());
        Evaluator::new(self).local(name, &place)
    }

    /// The blocks of resources and data sources, in the order of files and of lines.
    #[must_use]
    pub fn resources(&self) -> &[ResourceBlock] {
        &self.resources
    }
}

/// For what is asked for by name and is not there.
fn nowhere(name: &str) -> Place {
    Place { file: name.into(), line: 1, column: 1 }
}

impl Gathered {
    fn add_file(&mut self, file: &ConfigurationFile, text: &str) -> Result<(), ReadModuleError> {
        let source = SourceText::new(&file.path.to_string_lossy(), text);
        let body = if file.is_json { json_syntax::body(&source, Texts::Templates)? } else { native::body(&source)? };
        let role = if file.is_override { Role::Override } else { Role::Primary };
        if body.syntax == Syntax::Native
            && let Some((name, node)) = body.attributes.first()
        {
            let what = format!("{name} stands outside of any block");
            return Err(ReadModuleError::Form { place: node.place.clone(), what });
        }
        for (kind, labels) in KINDS {
            for block in body.nested(kind, labels) {
                if block.labels.len() != labels {
                    let what = format!("a block of kind {kind} has {labels} labels");
                    return Err(ReadModuleError::Form { place: block.place, what });
                }
                self.add_block(block, role)?;
            }
        }
        Ok(())
    }

    fn add_block(&mut self, block: Block, role: Role) -> Result<(), ReadModuleError> {
        match block.kind.as_str() {
            "terraform" => self.terraform.push((block, role)),
            "locals" => {
                for (name, node) in block.body.attributes {
                    let place = node.place.clone();
                    let known = self.locals.insert(name.clone(), node).is_some();
                    let what = format!("local.{name}");
                    match role {
                        Role::Primary if known => return Err(ReadModuleError::Twice { place, what }),
                        Role::Override if !known => return Err(ReadModuleError::OverridesNothing { place, what }),
                        Role::Primary | Role::Override => {}
                    }
                }
            }
            _ => {
                let alias = alias_of(&block)?;
                let key = (block.kind.clone(), block.labels.clone(), alias.clone());
                let known = self.known.get(&key).and_then(|at| self.blocks.get_mut(*at));
                let what = || {
                    let alias = alias.as_deref().map(|alias| format!(" with the alias {alias}")).unwrap_or_default();
                    format!("{} {}{alias}", block.kind, block.labels.join("."))
                };
                match (known, role) {
                    (None, Role::Primary) => {
                        self.known.insert(key, self.blocks.len());
                        self.blocks.push(block);
                    }
                    (Some(known), Role::Override) => merge(&mut known.body, &block.body),
                    (Some(_), Role::Primary) => {
                        return Err(ReadModuleError::Twice { place: block.place.clone(), what: what() });
                    }
                    (None, Role::Override) => {
                        return Err(ReadModuleError::OverridesNothing { place: block.place.clone(), what: what() });
                    }
                }
            }
        }
        Ok(())
    }

    fn module(self, given: GivenValues, workspace: Option<String>) -> Result<RootModule, ReadModuleError> {
        let mut module = RootModule {
            given,
            workspace,
            variables: BTreeMap::new(),
            locals: self.locals,
            backend: None,
            required_providers: BTreeMap::new(),
            providers: BTreeMap::new(),
            resources: Vec::new(),
        };
        for (block, role) in &self.terraform {
            module.add_terraform(block, *role)?;
        }
        for block in self.blocks {
            let label = block.labels.first().cloned().unwrap_or_default();
            match block.kind.as_str() {
                "variable" => {
                    module.variables.insert(label, Variable::of(&block.body, &block.place)?);
                }
                "provider" => {
                    let reference = ProviderReference { alias: alias_of(&block)?, name: label };
                    let name = &reference.name;
                    let source = module.provider_source(name).map_err(|error| ReadModuleError::Form {
                        place: block.place.clone(),
                        what: format!("{name} is no name of a provider: {error}"),
                    })?;
                    let found =
                        ProviderBlock { reference: reference.clone(), source, body: block.body, place: block.place };
                    module.providers.insert(reference, found);
                }
                _ => module.resources.push(ResourceBlock::of(&block)?),
            }
        }
        match module.given.wanted.iter().find(|name| !module.variables.contains_key(*name)) {
            Some(name) => Err(ReadModuleError::NoSuchVariable { name: name.clone() }),
            None => Ok(module),
        }
    }
}

/// The alias of a provider's block.
fn alias_of(block: &Block) -> Result<Option<String>, ReadModuleError> {
    let Some(node) = block.body.attribute("alias").filter(|_| block.kind == "provider") else { return Ok(None) };
    match &node.term {
        Term::Text(alias) => Ok(Some(alias.clone())),
        _ => {
            let what = "the alias of a provider is a plain text".to_owned();
            Err(ReadModuleError::Form { place: node.place.clone(), what })
        }
    }
}

impl RootModule {
    fn add_terraform(&mut self, block: &Block, role: Role) -> Result<(), ReadModuleError> {
        let backends = block.body.nested("backend", 1).into_iter().chain(block.body.nested("cloud", 0));
        for found in backends {
            let kind = found.labels.first().cloned().unwrap_or_else(|| found.kind.clone());
            if self.backend.is_some() && role == Role::Primary {
                return Err(ReadModuleError::Twice { place: found.place, what: "where the state is".to_owned() });
            }
            self.backend = Some(BackendBlock { kind, place: found.place, body: found.body });
        }
        for required in block.body.nested("required_providers", 0) {
            for (name, node) in &required.body.attributes {
                let required = required_provider(name, node)?;
                if self.required_providers.insert(name.clone(), required).is_some() && role == Role::Primary {
                    let what = format!("the required provider {name}");
                    return Err(ReadModuleError::Twice { place: node.place.clone(), what });
                }
            }
        }
        Ok(())
    }
}

fn required_provider(name: &str, node: &Node) -> Result<RequiredProvider, ReadModuleError> {
    let wrong = |place: &Place, what: String| ReadModuleError::Form { place: place.clone(), what };
    let (source, version) = match &node.term {
        // Before there were sources, there was only a version.
        Term::Text(text) => (name.to_owned(), Some(text.clone())),
        Term::Object(_) => {
            let body = crate::tree::body_of(node);
            let plain = |member: &str| match body.attribute(member) {
                None => Ok(None),
                Some(Node { term: Term::Text(text), .. }) => Ok(Some(text.clone())),
                Some(node) => Err(wrong(&node.place, format!("the {member} of a required provider is a plain text"))),
            };
            (plain("source")?.unwrap_or_else(|| name.to_owned()), plain("version")?)
        }
        _ => return Err(wrong(&node.place, format!("the required provider {name} is an object"))),
    };
    let source = provider_source(&source)
        .map_err(|error| wrong(&node.place, format!("{source:?} is no source address of a provider: {error}")))?;
    Ok(RequiredProvider { source, version, place: node.place.clone() })
}
