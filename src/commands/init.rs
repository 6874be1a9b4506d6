//! `ritardo init`: a commented starter set.

use super::files::{self, Access};
use super::{Outcome, World, say};
use crate::cli::Init;
use crate::config::STARTER;
use crate::error::{Failure, Kind};

pub fn init(args: &Init, world: &mut World) -> Result<Outcome, Failure> {
    let present = STARTER.iter().map(|(name, _)| args.folder.join(name)).find(|path| path.exists());
    if let Some(path) = present {
        let failure = Failure::new(Kind::CannotCreate, "a file of the starter set is already there").at(&path);
        return Err(failure.hint("nothing was written; name an empty folder, as in `ritardo init billing`"));
    }
    std::fs::create_dir_all(args.folder.join("inbox"))
        .map_err(|error| Failure::io("create the folder", &args.folder, error))?;
    for (name, text) in STARTER {
        let path = args.folder.join(name);
        files::write(&path, text.as_bytes(), Access::Usual)?;
        say(world.out, &format!("wrote {}", path.display()))?;
    }
    let config = args.folder.join("ritardo.toml");
    say(world.out, &format!("next: edit them, then `ritardo check --config {}`", config.display()))?;
    Ok(Outcome::Done)
}
