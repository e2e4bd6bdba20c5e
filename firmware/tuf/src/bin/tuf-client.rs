//! The command line by which the public conformance suite drives a client.
//!
//!     tuf-client --metadata-dir D init ROOT
//!     tuf-client --metadata-dir D --metadata-url U refresh
//!     tuf-client --metadata-dir D --metadata-url U --target-name T --target-dir X
//!                --target-base-url B download
//!
//! It exits with 0 or 1. Trusted metadata lies in D under its role's name, as received. Time
//! is the system's clock, as a faked one may have it; a kiosk's updater uses `TrustedClock`.

use std::{
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use jiff::Timestamp;
use lexopt::{Arg, Parser, ValueExt as _};
use tuf::{
    Client, Limits, Target, TargetCheck, TargetPath,
    store::{DurableStore, Folder},
    transport::HttpsTransport,
};

type Failure = Box<dyn Error>;

#[derive(Default)]
struct Options {
    metadata_dir: Option<PathBuf>,
    metadata_url: Option<String>,
    target_names: Vec<String>,
    target_dir: Option<PathBuf>,
    target_base_url: Option<String>,
    words: Vec<String>,
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(run(options()?)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut chain = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                chain = format!("{chain}: {cause}");
                source = cause.source();
            }
            eprintln!("tuf-client: {chain}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Options, Failure> {
    let mut options = Options::default();
    let mut parser = Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("metadata-dir") => options.metadata_dir = Some(parser.value()?.into()),
            Arg::Long("metadata-url") => options.metadata_url = Some(parser.value()?.string()?),
            Arg::Long("target-name") => options.target_names.push(parser.value()?.string()?),
            Arg::Long("target-dir") => options.target_dir = Some(parser.value()?.into()),
            Arg::Long("target-base-url") => options.target_base_url = Some(parser.value()?.string()?),
            Arg::Value(word) => options.words.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(options)
}

async fn run(options: Options) -> Result<(), Failure> {
    let folder = options.metadata_dir.as_deref().ok_or("--metadata-dir is missing")?;
    let words: Vec<&str> = options.words.iter().map(String::as_str).collect();
    match words[..] {
        ["init", root] => Ok(client(folder, &options)?.trust(&fs::read(root)?)?),
        ["refresh"] => refresh(&mut client(folder, &options)?).await,
        ["download"] => {
            let target_dir = options.target_dir.as_deref().ok_or("--target-dir is missing")?;
            let mut client = client(folder, &options)?;
            refresh(&mut client).await?;
            for name in &options.target_names {
                let path = TargetPath::new(name.as_str())?;
                let target = client.find(&path).await?.ok_or("nobody lists this target")?;
                download(&client, &target, target_dir).await?;
            }
            if options.target_names.is_empty() { Err("--target-name is missing".into()) } else { Ok(()) }
        }
        _ => Err("one of: init ROOT, refresh, download".into()),
    }
}

type FolderClient = Client<HttpsTransport, DurableStore<Folder>>;

fn client(folder: &Path, options: &Options) -> Result<FolderClient, Failure> {
    let store = DurableStore::open(Folder::open(folder)?)?;
    // Installed once a process; a second time it says that it is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let metadata = options.metadata_url.as_deref().unwrap_or_default();
    let targets = options.target_base_url.as_deref().unwrap_or_default();
    let transport = HttpsTransport::new(reqwest::Client::builder().build()?, metadata, targets);
    Ok(Client::new(transport, store, Limits::default()))
}

async fn refresh(client: &mut FolderClient) -> Result<(), Failure> {
    let now = Timestamp::now();
    client.refresh(now).await?;
    Ok(())
}

/// Into a file beside its place, renamed when it has passed its checks. One that is there
/// already, and still is what is listed, is not fetched again.
async fn download(client: &FolderClient, target: &Target, folder: &Path) -> Result<(), Failure> {
    let place = folder.join(target.path.as_str().replace('/', "%2F"));
    if is_there(target, &place)? {
        return Ok(());
    }
    let under_way = tempfile_beside(&place);
    let mut file = tokio::fs::File::create(&under_way).await?;
    let fetched = client.download(target, &mut TargetCheck::new(target), &mut file).await;
    let kept = match fetched {
        Ok(()) => file.sync_all().await.map_err(Failure::from),
        Err(error) => Err(error.into()),
    };
    if let Err(error) = kept {
        fs::remove_file(&under_way)?;
        return Err(error);
    }
    Ok(fs::rename(&under_way, &place)?)
}

fn tempfile_beside(place: &Path) -> PathBuf {
    place.with_extension("under-way")
}

fn is_there(target: &Target, place: &Path) -> io::Result<bool> {
    match fs::metadata(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
        // Read only as far as it can be right.
        Ok(there) if there.len() != target.file.length => Ok(false),
        Ok(_) => {
            let mut check = TargetCheck::new(target);
            let right = check.update(&fs::read(place)?).is_ok() && check.finish().is_ok();
            Ok(right)
        }
    }
}
