//! Small programs that come to an affected function of a published package, each with a twin that
//! does not: the same package, another use of it.

/// What a program uses, in two ways.
pub(crate) struct Pair {
    /// The way in which the first comes to the function.
    pub(crate) way: &'static str,
    /// The advisory.
    pub(crate) advisory: &'static str,
    /// `[dependencies]`
    pub(crate) dependencies: &'static str,
    /// The program that comes to it.
    pub(crate) calling: &'static str,
    /// Its twin.
    pub(crate) other: &'static str,
}

const SMALLVEC: &str = "smallvec = \"=1.6.0\"";
const SMALLVEC_TWIN: &str = "
    use smallvec::SmallVec;
    fn main() { let mut v: SmallVec<[u8; 4]> = SmallVec::new(); v.push(1); println!(\"{}\", v.len()); }";
const TIME: &str = "time = \"=0.1.43\"";
const TIME_TWIN: &str = "
    fn main() { let d = time::Duration::seconds(3); println!(\"{}\", d.num_minutes()); }";
const SHLEX: &str = "shlex = \"=1.2.0\"";
const SHLEX_TWIN: &str = "fn main() { println!(\"{:?}\", shlex::split(\"a b\")); }";

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        way: "method",
        advisory: "RUSTSEC-2021-0003",
        dependencies: SMALLVEC,
        calling: "
            use smallvec::SmallVec;
            fn main() {
                let mut v: SmallVec<[u8; 4]> = SmallVec::new();
                v.insert_many(0, [1, 2, 3].iter().cloned());
            }",
        other: SMALLVEC_TWIN,
    },
    Pair {
        way: "path of a method",
        advisory: "RUSTSEC-2021-0003",
        dependencies: SMALLVEC,
        calling: "
            type Small = smallvec::SmallVec<[u8; 4]>;
            fn main() {
                let mut v = Small::new();
                Small::insert_many(&mut v, 0, vec![1, 2]);
            }",
        other: SMALLVEC_TWIN,
    },
    Pair {
        way: "generic bound",
        advisory: "RUSTSEC-2021-0003",
        dependencies: SMALLVEC,
        calling: "
            use smallvec::{Array, SmallVec};
            fn fill<A: Array<Item = u8>>(v: &mut SmallVec<A>) { v.insert_many(0, vec![1]); }
            fn main() { let mut v = SmallVec::<[u8; 2]>::new(); fill(&mut v); }",
        other: "
            use smallvec::{Array, SmallVec};
            fn fill<A: Array<Item = u8>>(v: &mut SmallVec<A>) { v.push(1); }
            fn main() { let mut v = SmallVec::<[u8; 2]>::new(); fill(&mut v); }",
    },
    Pair {
        way: "in a macro's arguments",
        advisory: "RUSTSEC-2021-0003",
        dependencies: SMALLVEC,
        calling: "
            macro_rules! on { ($value:ident . $method:ident ( $($rest:tt)* )) => { $value.$method($($rest)*) } }
            fn main() {
                let mut v = smallvec::SmallVec::<[u8; 2]>::new();
                on!(v.insert_many(0, vec![1]));
            }",
        other: "
            macro_rules! on { ($value:ident . $method:ident ( $($rest:tt)* )) => { $value.$method($($rest)*) } }
            fn main() {
                let mut v = smallvec::SmallVec::<[u8; 2]>::new();
                on!(v.push(1));
            }",
    },
    Pair {
        way: "a macro's method name",
        advisory: "RUSTSEC-2021-0003",
        dependencies: SMALLVEC,
        calling: "
            macro_rules! call { ($value:expr, $method:ident) => { $value.$method(0, vec![1]) } }
            fn main() {
                let mut v = smallvec::SmallVec::<[u8; 2]>::new();
                call!(v, insert_many);
            }",
        other: "
            macro_rules! call { ($value:expr, $method:ident) => { $value.$method(1) } }
            fn main() {
                let mut v = smallvec::SmallVec::<[u8; 2]>::new();
                call!(v, push);
            }",
    },
    Pair {
        way: "direct",
        advisory: "RUSTSEC-2020-0071",
        dependencies: TIME,
        calling: "fn main() { println!(\"{}\", time::now().tm_year); }",
        other: TIME_TWIN,
    },
    Pair {
        way: "function pointer",
        advisory: "RUSTSEC-2020-0071",
        dependencies: TIME,
        calling: "
            fn main() { let clock: fn() -> time::Tm = time::now; println!(\"{}\", clock().tm_year); }",
        other: TIME_TWIN,
    },
    Pair {
        way: "use as",
        advisory: "RUSTSEC-2020-0071",
        dependencies: TIME,
        calling: "
            use time::now as current;
            fn main() { println!(\"{}\", current().tm_year); }",
        other: TIME_TWIN,
    },
    Pair {
        way: "glob",
        advisory: "RUSTSEC-2020-0071",
        dependencies: TIME,
        calling: "
            use time::*;
            fn main() { println!(\"{}\", now().tm_year); }",
        other: "
            use time::*;
            fn main() { println!(\"{}\", Duration::seconds(3).num_minutes()); }",
    },
    Pair {
        way: "re-export",
        advisory: "RUSTSEC-2020-0071",
        dependencies: TIME,
        calling: "
            mod clock { pub use time::{now as read, Duration}; }
            fn main() { println!(\"{}\", clock::read().tm_year); }",
        other: "
            mod clock { pub use time::Duration; }
            fn main() { println!(\"{}\", clock::Duration::seconds(1).num_minutes()); }",
    },
    Pair {
        way: "direct",
        advisory: "RUSTSEC-2024-0006",
        dependencies: SHLEX,
        calling: "fn main() { println!(\"{}\", shlex::quote(\"a b\")); }",
        other: SHLEX_TWIN,
    },
    Pair {
        way: "in a macro's arguments",
        advisory: "RUSTSEC-2024-0006",
        dependencies: SHLEX,
        calling: "fn main() { println!(\"{}\", shlex::join(vec![\"a b\", \"c\"])); }",
        other: SHLEX_TWIN,
    },
    Pair {
        way: "function pointer",
        advisory: "RUSTSEC-2024-0006",
        dependencies: SHLEX,
        calling: "
            fn main() {
                let words: Vec<_> = [\"a\", \"b\"].iter().copied().map(shlex::quote).collect();
                println!(\"{words:?}\");
            }",
        other: SHLEX_TWIN,
    },
    Pair {
        way: "direct",
        advisory: "RUSTSEC-2023-0080",
        dependencies: "transpose = \"=0.2.2\"",
        calling: "
            fn main() { let mut to = [0; 4]; transpose::transpose(&[1, 2, 3, 4], &mut to, 2, 2); }",
        other: "
            fn main() {
                let (mut all, mut scratch) = ([1, 2, 3, 4], [0; 2]);
                transpose::transpose_inplace(&mut all, &mut scratch, 2, 2);
            }",
    },
    Pair {
        way: "method",
        advisory: "RUSTSEC-2026-0255",
        dependencies: "sized-chunks = \"=0.6.5\"",
        calling: "
            fn main() {
                let mut chunk = sized_chunks::Chunk::<u32>::new();
                chunk.push_back(1);
                chunk.drop_left(1);
            }",
        other: "
            fn main() {
                let mut set = sized_chunks::SparseChunk::<u32>::new();
                println!(\"{:?}\", set.insert(3, 1));
            }",
    },
    Pair {
        way: "method",
        advisory: "RUSTSEC-2025-0047",
        dependencies: "slab = \"=0.4.10\"",
        calling: "
            fn main() {
                let mut slab = slab::Slab::new();
                let key = slab.insert(1);
                println!(\"{:?}\", slab.get_disjoint_mut([key]));
            }",
        other: "
            fn main() {
                let mut slab = slab::Slab::new();
                let key = slab.insert(1);
                println!(\"{:?}\", slab.get(key));
            }",
    },
    Pair {
        way: "macro of the crate",
        advisory: "RUSTSEC-2020-0164",
        dependencies: "cell-project = \"=0.1.3\"",
        calling: "
            use std::cell::Cell;
            struct Foo { x: i32 }
            fn main() {
                let foo = &Cell::new(Foo { x: 1 });
                let x: &Cell<i32> = cell_project::cell_project!(Foo, foo.x);
                println!(\"{}\", x.get());
            }",
        other: "
            use cell_project as _;
            fn main() {}",
    },
    Pair {
        way: "Drop",
        advisory: "RUSTSEC-2020-0017",
        dependencies: "internment = \"=0.3.13\"",
        calling: "
            fn main() { let word = internment::ArcIntern::new(\"a\".to_owned()); println!(\"{word}\"); }",
        other: "
            fn main() { let word = internment::Intern::new(\"a\".to_owned()); println!(\"{word}\"); }",
    },
    Pair {
        way: "Drop of what a method gives",
        advisory: "RUSTSEC-2025-0062",
        dependencies: "toodee = \"=0.5.0\"",
        calling: "
            use toodee::TooDee;
            fn main() { let mut all = TooDee::<u32>::init(2, 2, 0); all.remove_col(0); }",
        other: "
            use toodee::TooDee;
            fn main() { let all = TooDee::<u32>::init(2, 2, 0); println!(\"{}\", all.data().len()); }",
    },
    Pair {
        way: "method",
        advisory: "RUSTSEC-2021-0028",
        dependencies: "toodee = \"=0.2.4\"",
        calling: "
            use toodee::TooDee;
            fn main() { let mut all = TooDee::<u32>::init(2, 2, 0); all.insert_row(0, vec![1, 2]); }",
        other: "
            use toodee::TooDee;
            fn main() { let all = TooDee::<u32>::init(2, 2, 0); println!(\"{}\", all.data().len()); }",
    },
    Pair {
        way: "use as",
        advisory: "RUSTSEC-2020-0027",
        dependencies: "traitobject = \"=0.1.0\"",
        calling: "
            use traitobject::data as pointer;
            fn main() { let show: &dyn std::fmt::Debug = &1; println!(\"{:?}\", unsafe { pointer(show) }); }",
        other: "
            fn main() { let show: &dyn std::fmt::Debug = &1; println!(\"{:?}\", unsafe { traitobject::vtable(show) }); }",
    },
    Pair {
        way: "method",
        advisory: "RUSTSEC-2026-0190",
        dependencies: "anyhow = \"=1.0.100\"",
        calling: "
            fn main() {
                let mut error = anyhow::anyhow!(\"a\");
                println!(\"{:?}\", error.downcast_mut::<std::fmt::Error>());
            }",
        other: "fn main() { let error = anyhow::anyhow!(\"a\"); println!(\"{error}\"); }",
    },
    Pair {
        way: "method",
        advisory: "RUSTSEC-2024-0021",
        dependencies: "eyre = \"=0.6.9\"",
        calling: "
            fn main() {
                let error = eyre::eyre!(\"a\");
                println!(\"{:?}\", error.downcast::<std::fmt::Error>());
            }",
        other: "fn main() { let error = eyre::eyre!(\"a\"); println!(\"{error}\"); }",
    },
    Pair {
        way: "trait object",
        advisory: "RUSTSEC-2019-0036",
        dependencies: "failure = { version = \"=0.1.8\", default-features = false, features = [\"std\"] }",
        calling: "
            fn look(error: &dyn failure::Fail) -> bool { error.downcast_ref::<std::fmt::Error>().is_some() }
            fn main() { println!(\"{}\", look(&std::fmt::Error)); }",
        other: "
            fn look(error: &dyn failure::Fail) -> Option<&str> { error.name() }
            fn main() { println!(\"{:?}\", look(&std::fmt::Error)); }",
    },
    Pair {
        way: "method",
        advisory: "RUSTSEC-2025-0018",
        dependencies: "xmas-elf = \"=0.9.1\"",
        calling: "
            fn look(table: &xmas_elf::hash::HashTable) -> u32 { table.get_bucket(0) }
            fn main() { println!(\"{}\", look as usize); }",
        other: "
            fn main() { println!(\"{:?}\", xmas_elf::ElfFile::new(&[]).err()); }",
    },
    Pair {
        way: "macro of the crate",
        advisory: "RUSTSEC-2019-0015",
        dependencies: "compact_arena = \"=0.3.2\"",
        calling: "
            use compact_arena::in_arena;
            fn main() { in_arena!(arena, { let at = arena.add(1usize); println!(\"{}\", arena[at]); }); }",
        other: "
            use compact_arena::in_tiny_arena;
            fn main() { in_tiny_arena!(arena, { let at = arena.add(1usize); println!(\"{}\", arena[at]); }); }",
    },
    Pair {
        way: "through the crate itself",
        advisory: "RUSTSEC-2025-0003",
        dependencies: "fast-float = \"=0.2.0\"",
        calling: "fn main() { println!(\"{:?}\", fast_float::parse::<f64, _>(\"1.0\")); }",
        other: "fn look(_: &fast_float::Error) {} fn main() { println!(\"{}\", look as usize); }",
    },
    Pair {
        way: "method",
        advisory: "RUSTSEC-2023-0074",
        dependencies: "zerocopy = \"=0.7.30\"",
        calling: "
            use std::cell::{RefCell, Ref as Borrowed};
            use zerocopy::Ref;
            fn main() {
                let cell = RefCell::new([0u8; 4]);
                let bytes = Borrowed::map(cell.borrow(), |bytes| &bytes[..]);
                println!(\"{}\", Ref::<_, [u8; 4]>::new(bytes).unwrap().into_ref()[0]);
            }",
        other: "
            use zerocopy::Ref;
            fn main() { println!(\"{}\", Ref::<_, [u8; 4]>::new(&[0u8; 4][..]).is_some()); }",
    },
    Pair {
        way: "operator",
        advisory: "RUSTSEC-2020-0091",
        dependencies: "arc-swap = \"=1.0.0\"",
        calling: "
            use arc_swap::{access::{Access, Map}, ArcSwap};
            use std::sync::Arc;
            fn main() {
                let all = Arc::new(ArcSwap::from_pointee((1, 2)));
                let first = Map::new(all, |all: &(i32, i32)| &all.0);
                println!(\"{}\", *first.load());
            }",
        other: "
            use arc_swap::ArcSwap;
            fn main() { println!(\"{}\", *ArcSwap::from_pointee(1).load()); }",
    },
    Pair {
        way: "operator",
        advisory: "RUSTSEC-2019-0017",
        dependencies: "once_cell = \"=1.0.0\"",
        calling: "
            use once_cell::sync::Lazy;
            static ALL: Lazy<u32> = Lazy::new(|| 1);
            fn main() { println!(\"{}\", *ALL); }",
        other: "
            use once_cell::sync::OnceCell;
            static ALL: OnceCell<u32> = OnceCell::INIT;
            fn main() { println!(\"{}\", ALL.get_or_init(|| 1)); }",
    },
    Pair {
        way: "for loop",
        advisory: "RUSTSEC-2022-0078",
        dependencies: "bumpalo = { version = \"=3.11.0\", features = [\"collections\"] }",
        calling: "
            use bumpalo::{collections::Vec, Bump};
            fn main() {
                let bump = Bump::new();
                let mut all = Vec::new_in(&bump);
                all.push(1);
                for one in all { println!(\"{one}\"); }
            }",
        other: "fn main() { let bump = bumpalo::Bump::new(); println!(\"{}\", bump.alloc(1)); }",
    },
    Pair {
        way: "collect",
        advisory: "RUSTSEC-2025-0050",
        dependencies: "id-map = \"=0.2.1\"\nid-set = \"=0.2.2\"",
        calling: "
            fn main() { let all: id_map::IdMap<u32> = (0..3).collect(); println!(\"{}\", all.len()); }",
        other: "fn main() { println!(\"{}\", id_set::IdSet::new().len()); }",
    },
    Pair {
        way: "method",
        advisory: "RUSTSEC-2019-0034",
        dependencies: "http = \"=0.1.19\"",
        calling: "
            use http::header::HeaderMap;
            fn main() { let mut all: HeaderMap = HeaderMap::new(); println!(\"{}\", all.drain().count()); }",
        other: "fn main() { println!(\"{}\", http::StatusCode::OK); }",
    },
    Pair {
        way: "method",
        advisory: "RUSTSEC-2021-0080",
        dependencies: "tar = { version = \"=0.4.35\", default-features = false }",
        calling: "
            fn main() { tar::Archive::new(&[0u8; 1024][..]).unpack(\"to\").unwrap(); }",
        other: "
            fn main() { println!(\"{}\", tar::Builder::new(Vec::new()).into_inner().unwrap().len()); }",
    },
    Pair {
        way: "use as",
        advisory: "RUSTSEC-2023-0018",
        dependencies: "remove_dir_all = \"=0.7.0\"",
        calling: "
            use remove_dir_all::remove_dir_all as remove;
            fn main() { println!(\"{:?}\", remove(\"not/there\")); }",
        other: "extern crate remove_dir_all; fn main() { println!(\"{:?}\", std::fs::read(\"a\").is_ok()); }",
    },
    Pair {
        way: "path of a method",
        advisory: "RUSTSEC-2019-0013",
        dependencies: "spin = \"=0.5.1\"",
        calling: "fn main() { println!(\"{:?}\", *spin::RwLock::new(1).read()); }",
        other: "fn main() { println!(\"{:?}\", *spin::Mutex::new(1).lock()); }",
    },
    Pair {
        way: "re-export of another crate",
        advisory: "RUSTSEC-2020-0060",
        dependencies: "futures-util = { version = \"=0.3.5\", default-features = false, features = [\"std\"] }\nfutures-task = \"=0.3.5\"\nfutures-core = \"=0.3.5\"",
        calling: "
            use futures_util::task::{waker, ArcWake};
            use std::sync::Arc;
            struct Wake;
            impl ArcWake for Wake { fn wake_by_ref(_: &Arc<Self>) {} }
            fn main() { waker(Arc::new(Wake)).wake(); }",
        other: "
            use futures_util::future::ready;
            fn main() { println!(\"{:?}\", ready(1).into_inner()); }",
    },
    Pair {
        way: "direct",
        advisory: "RUSTSEC-2026-0041",
        dependencies: "lz4_flex = \"=0.11.5\"",
        calling: "fn main() { println!(\"{:?}\", lz4_flex::block::decompress(&[], 1)); }",
        other: "fn main() { println!(\"{:?}\", lz4_flex::block::compress(&[1])); }",
    },
    Pair {
        way: "macro of the crate",
        advisory: "RUSTSEC-2023-0045",
        dependencies: "memoffset = \"=0.6.1\"",
        calling: "
            struct Foo { _x: u8, y: u8 }
            fn main() { println!(\"{}\", memoffset::offset_of!(Foo, y)); }",
        other: "extern crate memoffset; fn main() {}",
    },
    Pair {
        way: "trait object of another crate",
        advisory: "RUSTSEC-2019-0010",
        dependencies: "libflate = \"=0.1.24\"",
        calling: "
            use std::io::Read;
            fn all(read: &mut dyn Read) -> usize { read.read(&mut [0; 4]).unwrap_or(0) }
            fn main() {
                if let Ok(mut decoder) = libflate::gzip::MultiDecoder::new(&[0u8; 4][..]) { println!(\"{}\", all(&mut decoder)); }
            }",
        other: "
            fn main() { println!(\"{}\", libflate::gzip::Encoder::new(Vec::new()).is_ok()); }",
    },
    Pair {
        way: "method",
        advisory: "RUSTSEC-2026-0186",
        dependencies: "memmap2 = \"=0.9.9\"",
        calling: "
            fn main() {
                let map = memmap2::MmapMut::map_anon(4096).unwrap();
                println!(\"{:?}\", map.advise_range(memmap2::Advice::Normal, 0, 1).is_ok());
            }",
        other: "
            fn main() { println!(\"{}\", memmap2::MmapMut::map_anon(4096).unwrap().len()); }",
    },
    Pair {
        way: "direct",
        advisory: "RUSTSEC-2021-0119",
        dependencies: "nix = \"=0.22.0\"",
        calling: "
            fn main() {
                let user = std::ffi::CString::new(\"root\").unwrap();
                println!(\"{:?}\", nix::unistd::getgrouplist(&user, nix::unistd::Gid::from_raw(0)).is_ok());
            }",
        other: "fn main() { println!(\"{}\", nix::unistd::getpid()); }",
    },
    Pair {
        way: "path of a method",
        advisory: "RUSTSEC-2025-0045",
        dependencies: "static_cell = \"=2.1.0\"",
        calling: "
            static CELL: static_cell::ConstStaticCell<u32> = static_cell::ConstStaticCell::new(1);
            fn main() { println!(\"{}\", CELL.take()); }",
        other: "
            static CELL: static_cell::StaticCell<u32> = static_cell::StaticCell::new();
            fn main() { println!(\"{}\", CELL.init(1)); }",
    },
    Pair {
        way: "glob of a prelude",
        advisory: "RUSTSEC-2026-0097",
        dependencies: "rand = \"=0.8.5\"",
        calling: "
            use rand::prelude::*;
            fn main() { println!(\"{}\", thread_rng().gen_range(0..3)); }",
        other: "
            use rand::prelude::*;
            fn main() { println!(\"{}\", StdRng::seed_from_u64(1).gen_range(0..3)); }",
    },
    Pair {
        way: "through the crate itself",
        advisory: "RUSTSEC-2026-0097",
        dependencies: "rand = \"=0.8.5\"",
        calling: "fn main() { println!(\"{}\", rand::random::<u8>()); }",
        other: "
            use rand::{rngs::StdRng, RngCore, SeedableRng};
            fn main() { println!(\"{}\", StdRng::seed_from_u64(1).next_u32()); }",
    },
    Pair {
        way: "direct",
        advisory: "RUSTSEC-2021-0023",
        dependencies: "rand_core = \"=0.6.1\"",
        calling: "
            fn main() { let mut to = [0; 1]; rand_core::le::read_u32_into(&[0; 4], &mut to); }",
        other: "
            fn look<R: rand_core::RngCore>(rng: &mut R) -> u32 { rng.next_u32() }
            fn main() { println!(\"{}\", look::<Box<dyn rand_core::RngCore>> as usize); }",
    },
    Pair {
        way: "method",
        advisory: "RUSTSEC-2021-0072",
        dependencies: "tokio = { version = \"=1.8.0\", features = [\"rt\"] }",
        calling: "
            fn main() {
                let rt = tokio::runtime::Builder::new_current_thread().build().unwrap();
                rt.block_on(async { tokio::spawn(async {}).abort() });
            }",
        other: "
            fn main() {
                let rt = tokio::runtime::Builder::new_current_thread().build().unwrap();
                rt.block_on(async { tokio::spawn(async {}).await.unwrap() });
            }",
    },
    Pair {
        way: "trait method of a type of others",
        advisory: "RUSTSEC-2021-0018",
        dependencies: "qwutils = \"=0.3.0\"",
        calling: "
            use qwutils::imp::vec::VecExt;
            fn main() { let mut all = vec![1, 2]; all.insert_slice_clone(1, &[3]); }",
        other: "
            use qwutils::imp::vec::VecExt;
            fn main() { let mut all = vec![1, 2]; all.push_option(Some(1)); }",
    },
    Pair {
        way: "direct",
        advisory: "RUSTSEC-2024-0020",
        dependencies: "whoami = { version = \"=1.4.0\", default-features = false }",
        calling: "fn main() { println!(\"{}\", whoami::username()); }",
        other: "fn main() { println!(\"{}\", whoami::lang().count()); }",
    },
];

/// Yanked versions that are used here, and their checksums, as the registry's index has them: cargo
/// takes such only where a lockfile has them already.
pub(crate) const YANKED: &[(&str, &str, &str)] = &[
    (
        "arc-swap",
        "1.0.0",
        "0688b520bcc7498f6ca8fa006e8031d353e3fd4f51bd4a50fb03cc4230b28bd2",
    ),
    (
        "compact_arena",
        "0.3.2",
        "b8431d9889db9b25096e2fe13af3da7a1fa1bd938045e06b4ccb2d95cf3a23f9",
    ),
    (
        "futures-util",
        "0.3.5",
        "8764574ff08b701a084482c3c7031349104b07ac897393010494beaa18ce32c6",
    ),
    (
        "libflate",
        "0.1.24",
        "fdd31ee4d780c641d240f5c0006d99445c53d2f5d1718e4813d725f6477d8720",
    ),
    (
        "lz4_flex",
        "0.11.5",
        "08ab2867e3eeeca90e844d1940eab391c9dc5228783db2ed999acbc0a9ed375a",
    ),
    (
        "once_cell",
        "1.0.0",
        "9dc7fa5d371dd640cd4da68820a00552dc9c3404cdf600067126575b19a91daf",
    ),
    (
        "rand_core",
        "0.6.1",
        "c026d7df8b298d90ccbbc5190bd04d85e159eaf5576caeacf8741da93ccbd2e5",
    ),
    (
        "static_cell",
        "2.1.0",
        "d89b0684884a883431282db1e4343f34afc2ff6996fe1f4a1664519b66e14c1e",
    ),
    (
        "zerocopy",
        "0.7.30",
        "306dca4455518f1f31635ec308b6b3e4eb1b11758cefafc782827d0aa7acb5c7",
    ),
    (
        "slab",
        "0.4.10",
        "04dc19736151f35336d325007ac991178d504a119863a2fcb3758cdb5e52c50d",
    ),
    (
        "cell-project",
        "0.1.3",
        "bc8995b7f45cbbf2a488cd38553fa152cd4d465f17558421a4a125771afaf9a8",
    ),
];
