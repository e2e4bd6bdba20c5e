//! What of a crate can be named from outside, by its sources: public items of public modules, and
//! what `pub use` hands out. Names that come from other crates are theirs to document.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    slice,
};

use syn::{Attribute, Expr, Lit, Meta, UseTree, Visibility};

/// Something with a name and documentation.
#[derive(Debug)]
pub struct Item {
    pub name: String,
    /// On one line.
    pub documentation: String,
}

/// A crate's modules.
pub struct Crate {
    root: Module,
}

/// Documentation by path.
type Found = BTreeMap<Vec<String>, String>;

#[derive(Default)]
struct Module {
    documentation: String,
    is_public: bool,
    modules: BTreeMap<String, Module>,
    /// Name and documentation; in the order of the source.
    items: Vec<(String, String)>,
    uses: Vec<Use>,
}

/// One name, or a star, that is handed out.
struct Use {
    path: Vec<String>,
    /// `None` for a star.
    name: Option<String>,
}

/// All source files of a folder, in order.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

impl Crate {
    /// By its folder of sources.
    pub fn read(sources: &Path) -> Result<Self, String> {
        Module::read(&sources.join("lib.rs"), sources).map(|root| Self { root })
    }

    /// By one source; its modules are written out in it.
    pub fn parse(source: &str) -> Result<Self, String> {
        let file = syn::parse_file(source).map_err(|error| error.to_string())?;
        Module::new(&file.attrs, file.items, Path::new("")).map(|root| Self { root })
    }

    /// Everything that can be named from outside, each thing once, by the path where it is written.
    pub fn public(&self, name: &str) -> Result<Vec<Item>, String> {
        let mut found = BTreeMap::new();
        self.module(&self.root, &[], &mut found)?;
        let path = |path: Vec<String>| [&[name.to_owned()], path.as_slice()].concat().join("::");
        Ok(found.into_iter().map(|(at, documentation)| Item { name: path(at), documentation }).collect())
    }

    fn module(&self, module: &Module, at: &[String], found: &mut Found) -> Result<(), String> {
        found.insert(at.to_vec(), module.documentation.clone());
        self.inside(module, at, found)
    }

    fn inside(&self, module: &Module, at: &[String], found: &mut Found) -> Result<(), String> {
        for (item, documentation) in &module.items {
            found.insert([at, slice::from_ref(item)].concat(), documentation.clone());
        }
        for (inner, module) in module.modules.iter().filter(|(_, module)| module.is_public) {
            self.module(module, &[at, slice::from_ref(inner)].concat(), found)?;
        }
        module.uses.iter().try_for_each(|handed_out| self.handed_out(handed_out, at, found))
    }

    fn handed_out(&self, handed_out: &Use, at: &[String], found: &mut Found) -> Result<(), String> {
        let Some(path) = self.absolute(&handed_out.path, at) else { return Ok(()) };
        let lost = || format!("{} is not found", handed_out.path.join("::"));
        if handed_out.name.is_none() {
            return self.inside(self.at(&path).ok_or_else(lost)?, &path, found);
        }
        if let Some(module) = self.at(&path) {
            return self.module(module, &path, found);
        }
        let (item, around) = path.split_last().ok_or_else(lost)?;
        let module = self.at(around).ok_or_else(lost)?;
        if let Some((_, documentation)) = module.items.iter().find(|(name, _)| name == item) {
            found.insert(path, documentation.clone());
            return Ok(());
        }
        let further = module.uses.iter().find(|further| further.name.as_ref() == Some(item));
        self.handed_out(further.ok_or_else(lost)?, around, found)
    }

    /// A path from the crate's root on. `None`: it leads into another crate.
    fn absolute(&self, path: &[String], at: &[String]) -> Option<Vec<String>> {
        let here = self.at(at).unwrap_or(&self.root);
        match path.first().map(String::as_str) {
            Some("crate") => Some(path[1..].to_vec()),
            Some("self") => Some([at, &path[1..]].concat()),
            Some("super") => Some([&at[..at.len().checked_sub(1)?], &path[1..]].concat()),
            Some(first) if here.modules.contains_key(first) => Some([at, path].concat()),
            _ => None,
        }
    }

    fn at(&self, path: &[String]) -> Option<&Module> {
        path.iter().try_fold(&self.root, |module, name| module.modules.get(name))
    }
}

impl Module {
    /// A module's file; `folder` is where the modules inside it lie.
    fn read(file: &Path, folder: &Path) -> Result<Self, String> {
        let with_file = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let source = fs::read_to_string(file).map_err(|error| with_file(&error))?;
        let parsed = syn::parse_file(&source).map_err(|error| with_file(&error))?;
        Self::new(&parsed.attrs, parsed.items, folder)
    }

    fn new(attributes: &[Attribute], items: Vec<syn::Item>, folder: &Path) -> Result<Self, String> {
        let mut module = Self { documentation: documentation(attributes), ..Self::default() };
        for item in items {
            module.add(item, folder)?;
        }
        Ok(module)
    }

    fn add(&mut self, item: syn::Item, folder: &Path) -> Result<(), String> {
        use syn::Item::{Const, Enum, Fn, Macro, Mod, Static, Struct, Trait, Type, Union, Use as Used};
        let item = match item {
            Mod(it) => return self.add_module(it, folder),
            other => other,
        };
        let (attributes, visibility, name) = match &item {
            Const(it) => (&it.attrs, &it.vis, &it.ident),
            Enum(it) => (&it.attrs, &it.vis, &it.ident),
            Fn(it) => (&it.attrs, &it.vis, &it.sig.ident),
            Static(it) => (&it.attrs, &it.vis, &it.ident),
            Struct(it) => (&it.attrs, &it.vis, &it.ident),
            Trait(it) => (&it.attrs, &it.vis, &it.ident),
            Type(it) => (&it.attrs, &it.vis, &it.ident),
            Union(it) => (&it.attrs, &it.vis, &it.ident),
            Macro(it) => {
                let exported = it.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export"));
                if let (Some(name), true) = (&it.ident, exported) {
                    self.items.push((name.to_string(), documentation(&it.attrs)));
                }
                return Ok(());
            }
            Used(it) => {
                if is_public(&it.vis) {
                    self.add_uses(&it.tree, Vec::new());
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        if is_public(visibility) {
            self.items.push((name.to_string(), documentation(attributes)));
        }
        Ok(())
    }

    fn add_module(&mut self, item: syn::ItemMod, folder: &Path) -> Result<(), String> {
        if item.attrs.iter().any(is_for_tests) {
            return Ok(());
        }
        let name = item.ident.to_string();
        let inside = folder.join(&name);
        let mut module = match item.content {
            Some((_, items)) => Self::new(&[], items, &inside)?,
            None if inside.join("mod.rs").is_file() => Self::read(&inside.join("mod.rs"), &inside)?,
            None => Self::read(&inside.with_extension("rs"), &inside)?,
        };
        module.documentation.insert_str(0, &documentation(&item.attrs));
        module.is_public = is_public(&item.vis);
        self.modules.insert(name, module);
        Ok(())
    }

    fn add_uses(&mut self, tree: &UseTree, mut path: Vec<String>) {
        match tree {
            UseTree::Path(it) => {
                path.push(it.ident.to_string());
                self.add_uses(&it.tree, path);
            }
            UseTree::Group(it) => it.items.iter().for_each(|tree| self.add_uses(tree, path.clone())),
            UseTree::Glob(_) => self.uses.push(Use { path, name: None }),
            UseTree::Name(it) if it.ident == "self" => {
                let name = path.last().cloned();
                self.uses.push(Use { path, name });
            }
            UseTree::Name(it) => {
                path.push(it.ident.to_string());
                self.uses.push(Use { path, name: Some(it.ident.to_string()) });
            }
            UseTree::Rename(it) => {
                if it.ident != "self" {
                    path.push(it.ident.to_string());
                }
                self.uses.push(Use { path, name: Some(it.rename.to_string()) });
            }
        }
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_for_tests(attribute: &Attribute) -> bool {
    let word = |list: &syn::MetaList| list.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"));
    matches!(&attribute.meta, Meta::List(list) if list.path.is_ident("cfg") && word(list))
}

/// The documentation in attributes, on one line.
fn documentation(attributes: &[Attribute]) -> String {
    let mut text = String::new();
    for attribute in attributes {
        let Meta::NameValue(pair) = &attribute.meta else { continue };
        if let (true, Expr::Lit(value)) = (pair.path.is_ident("doc"), &pair.value)
            && let Lit::Str(line) = &value.lit
        {
            text.extend([line.value().trim(), " "]);
        }
    }
    text
}
