//! Writing a plan down as a state, instance by instance: the recorded side, or the observed one with its drift.

use std::io::Write;

use serde_json::{Value, json};

use super::catalogue::{Catalogue, ResourceType, SensitiveStep};
use super::drift::{self, Site};
use super::layout::{Emitter, Layout, shuffle};
use super::node::Node;
use super::plan::{Key, Plan, Resource, Stream, address, generator};
use super::template::{Traits, instantiate, random};

/// How many instances there are of each fate.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) in_sync: u64,
    pub(crate) drifted: u64,
    pub(crate) missing: u64,
    pub(crate) unmanaged: u64,
    /// Data resources and deposed objects.
    pub(crate) not_compared: u64,
}

/// What becomes of an instance on the observed side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    InSync,
    Drifted,
    Missing,
    /// In sync, and somebody made another object beside it.
    Company,
}

/// Writes both sides of one plan.
#[derive(Debug)]
pub(crate) struct States<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) catalogue: &'a Catalogue,
    /// The share of managed instances with drift, from 0 to 1.
    pub(crate) drift: f64,
}

/// What a resource is written with.
struct Header<'a> {
    module: &'a str,
    kind: &'a ResourceType,
    name: String,
}

/// One object of a resource, ready to be written.
struct Object {
    key: Key,
    deposed: Option<String>,
    attributes: Node,
    dependencies: Vec<String>,
    tainted: bool,
    create_before_destroy: bool,
    /// The stream that leaves its layout to chance.
    number: u64,
}

impl States<'_> {
    /// Writes the recorded side as terraform would.
    pub(crate) fn recorded(&self, out: impl Write) -> Result<(), String> {
        let mut emitter = Emitter::new(out, Layout::Same);
        self.top(&mut emitter, Layout::Same, &mut |emitter| {
            for resource in &self.plan.resources {
                let header = self.header(resource)?;
                let mut objects = Vec::new();
                for at in 0..resource.count {
                    objects.push(self.object(resource, header.kind, at)?);
                    objects.extend(self.deposed(resource, header.kind, at)?);
                }
                self.resource(emitter, Layout::Same, &header, &objects)?;
            }
            Ok(())
        })?;
        emitter.finish().map_err(io)
    }

    /// Writes the observed side, and to `truth` a line for each instance: what a comparison must say of it.
    pub(crate) fn observed(&self, out: impl Write, mut truth: impl Write, layout: Layout) -> Result<Totals, String> {
        let mut emitter = Emitter::new(out, layout);
        let mut totals = Totals::default();
        let mut order: Vec<u32> = (0..).take(self.plan.resources.len()).collect();
        if layout.shuffles() {
            shuffle(&mut generator(self.plan.seed, Stream::Order, 0), &mut order);
        }
        self.top(&mut emitter, layout, &mut |emitter| {
            for at in &order {
                if let Some(resource) = self.plan.resources.get(*at as usize) {
                    self.observed_resource(emitter, resource, layout, &mut truth, &mut totals)?;
                }
            }
            Ok(())
        })?;
        emitter.finish().map_err(io)?;
        truth.flush().map_err(io)?;
        Ok(totals)
    }

    fn observed_resource(
        &self,
        emitter: &mut Emitter<impl Write>,
        resource: &Resource,
        layout: Layout,
        truth: &mut impl Write,
        totals: &mut Totals,
    ) -> Result<(), String> {
        let header = self.header(resource)?;
        let mut objects = Vec::new();
        let mut company = Vec::new();
        for at in 0..resource.count {
            let address = address(header.module, self.catalogue, resource.kind, &header.name, resource.key(at));
            let mut object = self.object(resource, header.kind, at)?;
            let deposed = self.deposed(resource, header.kind, at)?;
            if let Some(deposed) = deposed.as_ref().and_then(|object| object.deposed.as_ref()) {
                totals.not_compared += 1;
                tell(truth, &json!({"address": address, "deposed": deposed, "status": "not_compared"}))?;
            }
            let fate = self.fate(header.kind, object.number);
            let mut changes = Vec::new();
            if fate == Fate::Drifted {
                changes = self.change(header.kind, &mut object)?;
            }
            if layout.shuffles() {
                self.shuffle_sets(header.kind, &mut object);
            }
            let changes: Vec<String> =
                changes.into_iter().map(|change| change.settle(&mut object.attributes)).collect::<Result<_, _>>()?;
            let (count, status) = match fate {
                _ if header.kind.is_data() => (&mut totals.not_compared, "not_compared"),
                Fate::Missing => (&mut totals.missing, "missing"),
                Fate::Drifted => (&mut totals.drifted, "drifted"),
                Fate::InSync | Fate::Company => (&mut totals.in_sync, "in_sync"),
            };
            *count += 1;
            match fate {
                Fate::Drifted => tell(truth, &json!({"address": address, "status": status, "changes": changes}))?,
                _ => tell(truth, &json!({"address": address, "status": status}))?,
            }
            if fate == Fate::Company {
                company.push(object.number);
            }
            if fate != Fate::Missing {
                objects.push(object);
                objects.extend(deposed);
            }
        }
        if layout.shuffles() {
            shuffle(&mut generator(self.plan.seed, Stream::Order, 1 + u64::from(resource.first)), &mut objects);
        }
        if !objects.is_empty() {
            self.resource(emitter, layout, &header, &objects)?;
        }
        for number in company {
            // Behind the resource beside which it stands, in terraform's order too.
            let name = format!("{}_unmanaged_{number}", header.name);
            let address = address(header.module, self.catalogue, resource.kind, &name, Key::None);
            totals.unmanaged += 1;
            tell(truth, &json!({"address": address, "status": "unmanaged"}))?;
            let attributes = self.attributes(resource, header.kind, Stream::Extra, number)?;
            let object = Object {
                key: Key::None,
                deposed: None,
                attributes,
                dependencies: Vec::new(),
                number,
                tainted: false,
                create_before_destroy: false,
            };
            self.resource(emitter, layout, &Header { name, ..header }, &[object])?;
        }
        Ok(())
    }

    fn header(&self, resource: &Resource) -> Result<Header<'_>, String> {
        let kind = self.catalogue.types.get(usize::from(resource.kind)).ok_or("a type that is not there")?;
        let module = self.plan.modules.get(resource.module as usize).ok_or("a module that is not there")?;
        Ok(Header { module: &module.address, kind, name: resource.name() })
    }

    fn object(&self, resource: &Resource, kind: &ResourceType, at: u16) -> Result<Object, String> {
        let number = u64::from(resource.first) + u64::from(at);
        let attributes = self.attributes(resource, kind, Stream::Content, number)?;
        let mut rng = generator(self.plan.seed, Stream::Deposed, number);
        rng.u32(..);
        Ok(Object {
            key: resource.key(at),
            deposed: None,
            attributes,
            dependencies: if kind.is_data() { Vec::new() } else { self.plan.dependencies(resource, self.catalogue) },
            tainted: !kind.is_data() && rng.u32(0..500) == 0,
            create_before_destroy: !kind.is_data() && resource.first.is_multiple_of(7),
            number,
        })
    }

    /// What is left of the object that this one replaced, now and then.
    fn deposed(&self, resource: &Resource, kind: &ResourceType, at: u16) -> Result<Option<Object>, String> {
        let number = u64::from(resource.first) + u64::from(at);
        let mut rng = generator(self.plan.seed, Stream::Deposed, number);
        if kind.is_data() || rng.u32(0..400) > 0 {
            return Ok(None);
        }
        let object = self.object(resource, kind, at)?;
        let attributes = self.attributes(resource, kind, Stream::Deposed, number)?;
        Ok(Some(Object {
            deposed: Some(random(&mut rng, 8, "0123456789abcdef")),
            attributes,
            tainted: false,
            ..object
        }))
    }

    fn attributes(&self, resource: &Resource, kind: &ResourceType, stream: Stream, at: u64) -> Result<Node, String> {
        let mut rng = generator(self.plan.seed, stream, at);
        let mut place = generator(self.plan.seed, Stream::Place, resource.module.into());
        let traits = Traits::new(&mut rng, &mut place);
        instantiate(&kind.attributes, &traits, &mut rng).map_err(|error| format!("{}: {error}", kind.name))
    }

    fn fate(&self, kind: &ResourceType, number: u64) -> Fate {
        let mut rng = generator(self.plan.seed, Stream::Fate, number);
        if kind.is_data() || rng.f64() >= self.drift {
            return Fate::InSync;
        }
        match rng.u32(0..100) {
            0..80 => Fate::Drifted,
            80..90 => Fate::Missing,
            _ => Fate::Company,
        }
    }

    /// Changes one to four attributes.
    fn change(&self, kind: &ResourceType, object: &mut Object) -> Result<Vec<drift::Made>, String> {
        let mut rng = generator(self.plan.seed, Stream::Drift, object.number);
        let mut sites: Vec<&Site> = kind.sites.iter().collect();
        shuffle(&mut rng, &mut sites);
        let wanted = rng.u32(1..5) as usize;
        let mut chosen: Vec<&Site> = Vec::new();
        for site in sites {
            if chosen.len() < wanted && !chosen.iter().any(|other| other.meets(site)) {
                chosen.push(site);
            }
        }
        let mut made = Vec::new();
        for site in chosen {
            let change = drift::make(&mut object.attributes, site, &mut rng);
            made.push(change.map_err(|error| format!("{}: {error}", kind.name))?);
        }
        if let Node::Object(attributes) = &mut object.attributes {
            for (of, mirrors) in &kind.mirrors {
                let original = attributes.get(of).cloned().ok_or_else(|| format!("{}: no {of}", kind.name))?;
                for mirror in mirrors {
                    attributes.insert(mirror.clone(), original.clone());
                }
            }
        }
        Ok(made)
    }

    fn shuffle_sets(&self, kind: &ResourceType, object: &mut Object) {
        let mut rng = generator(self.plan.seed, Stream::Layout, object.number);
        for set in &kind.sets {
            let pattern: Vec<&str> = set.split('.').collect();
            object.attributes.each_list(&pattern, &mut |elements| shuffle(&mut rng, elements));
        }
    }

    fn top<W: Write>(
        &self,
        emitter: &mut Emitter<W>,
        layout: Layout,
        resources: &mut dyn FnMut(&mut Emitter<W>) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut members =
            ["version", "terraform_version", "serial", "lineage", "outputs", "resources", "check_results"];
        if layout == Layout::Shuffled {
            members.sort_unstable();
        }
        emitter.begin('{').map_err(io)?;
        for member in members {
            emitter.key(member).map_err(io)?;
            match member {
                "version" => emitter.integer(4).map_err(io)?,
                "terraform_version" => emitter.text("1.11.4").map_err(io)?,
                "serial" => emitter.integer(19).map_err(io)?,
                "lineage" => {
                    let mut rng = generator(self.plan.seed, Stream::Plan, 1);
                    let part = |length| random(&mut rng, length, "0123456789abcdef");
                    emitter.text(&[8, 4, 4, 4, 12].map(part).join("-")).map_err(io)?;
                }
                "outputs" => outputs(emitter)?,
                "resources" => {
                    emitter.begin('[').map_err(io)?;
                    resources(emitter)?;
                    emitter.end(']').map_err(io)?;
                }
                _ => emitter.node(&Node::Null).map_err(io)?,
            }
        }
        emitter.end('}').map_err(io)
    }

    fn resource(
        &self,
        emitter: &mut Emitter<impl Write>,
        layout: Layout,
        header: &Header<'_>,
        objects: &[Object],
    ) -> Result<(), String> {
        let mut members = ["module", "mode", "type", "name", "provider", "instances"];
        if layout.sorts_members() {
            members.sort_unstable();
        }
        emitter.item().map_err(io)?;
        emitter.begin('{').map_err(io)?;
        for member in members {
            let text = match member {
                "module" if header.module.is_empty() => continue,
                "module" => header.module,
                "mode" => &header.kind.mode,
                "type" => &header.kind.name,
                "name" => &header.name,
                "provider" => &format!("provider[\"registry.terraform.io/hashicorp/{}\"]", header.kind.provider),
                _ => {
                    emitter.key(member).map_err(io)?;
                    emitter.begin('[').map_err(io)?;
                    for object in objects {
                        emitter.draw_from(generator(self.plan.seed, Stream::Layout, !object.number));
                        emitter.item().map_err(io)?;
                        instance(emitter, layout, header.kind, object)?;
                    }
                    emitter.end(']').map_err(io)?;
                    continue;
                }
            };
            emitter.key(member).map_err(io)?;
            emitter.text(text).map_err(io)?;
        }
        emitter.end('}').map_err(io)
    }
}

fn instance(
    emitter: &mut Emitter<impl Write>,
    layout: Layout,
    kind: &ResourceType,
    object: &Object,
) -> Result<(), String> {
    let texts = |texts: &[String]| Node::List(texts.iter().map(Node::text).collect());
    let mut members: Vec<(&str, Node)> = Vec::new();
    match object.key {
        Key::None => {}
        Key::Int(at) => members.push(("index_key", Node::Number(at.into()))),
        Key::Text(text) => members.push(("index_key", Node::text(text))),
    }
    if object.tainted {
        members.push(("status", Node::text("tainted")));
    }
    if let Some(key) = &object.deposed {
        members.push(("deposed", Node::text(key)));
    }
    members.push(("schema_version", Node::Null));
    members.push(("attributes", Node::Null));
    members.push(("sensitive_attributes", Node::Null));
    members.extend(kind.private().map(|private| ("private", Node::text(private))));
    if !object.dependencies.is_empty() {
        members.push(("dependencies", texts(&object.dependencies)));
    }
    if object.create_before_destroy {
        members.push(("create_before_destroy", Node::Bool(true)));
    }
    if layout.sorts_members() {
        members.sort_by_key(|(name, _)| *name);
    }
    emitter.begin('{').map_err(io)?;
    for (name, node) in &members {
        emitter.key(name).map_err(io)?;
        match *name {
            "attributes" => emitter.node(&object.attributes).map_err(io)?,
            "sensitive_attributes" => sensitive(emitter, kind)?,
            "schema_version" => emitter.integer(kind.schema_version.into()).map_err(io)?,
            _ => emitter.node(node).map_err(io)?,
        }
    }
    emitter.end('}').map_err(io)
}

/// The paths to sensitive attributes as terraform writes them.
fn sensitive(emitter: &mut Emitter<impl Write>, kind: &ResourceType) -> Result<(), String> {
    let mut write = || {
        emitter.begin('[')?;
        for path in &kind.sensitive {
            emitter.item()?;
            emitter.begin('[')?;
            for part in path {
                emitter.item()?;
                emitter.begin('{')?;
                emitter.key("type")?;
                emitter.text(if matches!(part, SensitiveStep::Attribute(_)) { "get_attr" } else { "index" })?;
                emitter.key("value")?;
                match part {
                    SensitiveStep::Attribute(name) => emitter.text(name)?,
                    SensitiveStep::Index(_) | SensitiveStep::Entry { .. } => {
                        emitter.begin('{')?;
                        emitter.key("value")?;
                        match part {
                            SensitiveStep::Entry { key } => emitter.text(key)?,
                            SensitiveStep::Index(at) => emitter.integer(*at)?,
                            SensitiveStep::Attribute(_) => {}
                        }
                        emitter.key("type")?;
                        emitter.text(if matches!(part, SensitiveStep::Index(_)) { "number" } else { "string" })?;
                        emitter.end('}')?;
                    }
                }
                emitter.end('}')?;
            }
            emitter.end(']')?;
        }
        emitter.end(']')
    };
    write().map_err(io)
}

fn outputs(emitter: &mut Emitter<impl Write>) -> Result<(), String> {
    let mut write = || {
        emitter.begin('{')?;
        for (name, value, sensitive) in
            [("api_token", "7f3a91c5d20be44c", true), ("endpoint", "https://a.example/?b=1&c=2", false)]
        {
            emitter.key(name)?;
            emitter.begin('{')?;
            emitter.key("value")?;
            emitter.text(value)?;
            emitter.key("type")?;
            emitter.text("string")?;
            if sensitive {
                emitter.key("sensitive")?;
                emitter.node(&Node::Bool(true))?;
            }
            emitter.end('}')?;
        }
        emitter.end('}')
    };
    write().map_err(io)
}

fn tell(truth: &mut impl Write, line: &Value) -> Result<(), String> {
    writeln!(truth, "{line}").map_err(io)
}

fn io(error: std::io::Error) -> String {
    format!("cannot write: {error}")
}
