//! A deserializer around another, for everything that strangers send: it charges the memory that
//! decoding allocates, refuses arrays for structs, and notes the levels that an error leaves on its way out.
//!
//! The charge is the size of the standard library's collections. For a type that is `untagged`, has a
//! `tag` or a `flatten`ed field, serde keeps parts of the input in a form of its own: that form is
//! charged, and the values made from it are not.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{
    DeserializeSeed, EnumAccess, Error, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};

use crate::meter::{self, Refused};
use crate::path::{self, Level};

/// The bytes that an allocator adds to each allocation, at most.
const OVERHEAD: usize = 32;

/// The bytes that JSON text takes at most once it is decoded into a [`serde_json::Value`].
///
/// It goes by the characters that begin values, in strings too.
#[must_use]
pub fn decoded_bytes(json: &[u8]) -> usize {
    /// An object's first node, with its key's and its values' own memory.
    const OBJECT: usize = 768;
    /// One more value, and its key.
    const VALUE: usize = 192;
    let begun = |byte: &u8| match byte {
        b'{' => OBJECT,
        b'[' | b',' => VALUE,
        _ => 1,
    };
    json.iter().map(begun).sum()
}

/// A deserializer, or a seed for one, of a value that is to stand in a slot: what is larger than
/// the slot, stands elsewhere.
pub(crate) struct Metered<T, S> {
    inner: T,
    slot: PhantomData<fn() -> S>,
}

/// The slot that a value goes into. Sizes and requests are types, so that the compiler sees what
/// there is to charge: as fields they took a tenth of the time that decoding takes.
pub(crate) trait Slot {
    const BYTES: usize;
}

/// Wherever it is.
pub(crate) struct Anywhere;

/// A slot in a value of this type.
pub(crate) struct In<T>(PhantomData<fn() -> T>);

impl Slot for Anywhere {
    const BYTES: usize = usize::MAX;
}

impl<T> Slot for In<T> {
    const BYTES: usize = size_of::<T>();
}

impl<T, S> Metered<T, S> {
    #[inline]
    pub(crate) fn new(inner: T) -> Self {
        Self { inner, slot: PhantomData }
    }
}

/// The kind of value that was requested, which decides how a value that comes is charged.
trait Requested {
    /// True if text is kept as a copy also where it could be borrowed.
    const COPIES_TEXT: bool = false;
    /// True if the elements of an array are kept in memory of their own.
    const KEEPS_ELEMENTS: bool = false;
    /// True if the entries of an object are.
    const KEEPS_ENTRIES: bool = false;
    /// The handling of an array.
    const ARRAYS: Arrays = Arrays::Taken;
}

enum Arrays {
    Taken,
    Refused,
    /// The visitor decides.
    Asked,
}

/// Anything.
struct Any;
/// Text that may be borrowed.
struct Text;
/// Text that is copied.
struct OwnedText;
/// A list or a set.
struct Sequence;
/// A map.
struct Map;
/// An object of known fields, which stand in the value itself.
struct Struct;
/// A value that needs no memory of its own.
struct Inline;

impl Requested for Any {
    const COPIES_TEXT: bool = true;
    const KEEPS_ELEMENTS: bool = true;
    const KEEPS_ENTRIES: bool = true;
    const ARRAYS: Arrays = Arrays::Asked;
}

impl Requested for Text {}

impl Requested for OwnedText {
    const COPIES_TEXT: bool = true;
}

impl Requested for Sequence {
    const KEEPS_ELEMENTS: bool = true;
}

impl Requested for Map {
    const KEEPS_ENTRIES: bool = true;
}

impl Requested for Struct {
    const ARRAYS: Arrays = Arrays::Refused;
}

impl Requested for Inline {}

#[inline]
fn charge<E: Error>(bytes: usize) -> Result<(), E> {
    meter::charge(bytes).map_err(refused)
}

#[cold]
fn refused<E: Error>(refused: Refused) -> E {
    E::custom(refused)
}

#[cold]
fn left_field<E>(error: E) -> E {
    path::left(error, Level::Field)
}

/// Charges text that is copied.
#[inline]
fn charge_text<E: Error>(bytes: usize) -> Result<(), E> {
    if bytes == 0 { Ok(()) } else { charge(bytes.saturating_add(OVERHEAD)) }
}

/// A visitor that charges what it is shown.
struct MeteredVisitor<V, A, S> {
    visitor: V,
    watched: PhantomData<fn() -> (A, S)>,
}

impl<V, A: Requested, S: Slot> MeteredVisitor<V, A, S> {
    /// Creates a visitor, with the value itself charged where it stands elsewhere.
    #[inline]
    fn new<'de, E: Error>(visitor: V) -> Result<Self, E>
    where
        V: Visitor<'de>,
    {
        if size_of::<V::Value>() > S::BYTES {
            charge(size_of::<V::Value>() + OVERHEAD)?;
        }
        Ok(Self { visitor, watched: PhantomData })
    }
}

macro_rules! forward {
    ($($method:ident as $asked:ident),* $(,)?) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            let visitor = MeteredVisitor::<_, $asked, S>::new(visitor)?;
            self.inner.$method(visitor)
        }
    )*};
}

macro_rules! pass {
    ($($method:ident),* $(,)?) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>, S: Slot> Deserializer<'de> for Metered<D, S> {
    type Error = D::Error;

    forward! {
        deserialize_any as Any,
        deserialize_str as Text,
        deserialize_string as OwnedText,
        deserialize_bytes as Text,
        deserialize_byte_buf as OwnedText,
        deserialize_identifier as Text,
        deserialize_option as Inline,
        deserialize_seq as Sequence,
        deserialize_map as Map,
    }

    pass! {
        deserialize_bool,
        deserialize_i8, deserialize_i16, deserialize_i32, deserialize_i64, deserialize_i128,
        deserialize_u8, deserialize_u16, deserialize_u32, deserialize_u64, deserialize_u128,
        deserialize_f32, deserialize_f64,
        deserialize_char,
        deserialize_unit,
    }

    /// Skips a value, of which nothing is kept. One function for all that is skipped: inlined in each
    /// place, the compiler finds fewer registers for the loop.
    #[inline(never)]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_ignored_any(visitor)
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        // JSON text that is kept as it is comes as a map of one entry.
        let visitor = MeteredVisitor::<_, Struct, S>::new(visitor)?;
        self.inner.deserialize_newtype_struct(name, visitor)
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = MeteredVisitor::<_, Inline, S>::new(visitor)?;
        self.inner.deserialize_tuple(len, visitor)
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = MeteredVisitor::<_, Inline, S>::new(visitor)?;
        self.inner.deserialize_tuple_struct(name, len, visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = MeteredVisitor::<_, Struct, S>::new(visitor)?;
        self.inner.deserialize_struct(name, fields, visitor)
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = MeteredVisitor::<_, Inline, S>::new(visitor)?;
        self.inner.deserialize_enum(name, variants, visitor)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! show {
    ($($method:ident: $type:ty),* $(,)?) => {$(
        #[inline]
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.visitor.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>, A: Requested, S: Slot> Visitor<'de> for MeteredVisitor<V, A, S> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    show! {
        visit_bool: bool,
        visit_i8: i8, visit_i16: i16, visit_i32: i32, visit_i64: i64, visit_i128: i128,
        visit_u8: u8, visit_u16: u16, visit_u32: u32, visit_u64: u64, visit_u128: u128,
        visit_f32: f32, visit_f64: f64,
        visit_char: char,
    }

    /// Text that has to be copied if it is kept.
    #[inline]
    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        charge_text(text.len())?;
        self.visitor.visit_str(text)
    }

    #[inline]
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<V::Value, E> {
        if A::COPIES_TEXT {
            charge_text(text.len())?;
        }
        self.visitor.visit_borrowed_str(text)
    }

    #[inline]
    fn visit_string<E: Error>(self, text: String) -> Result<V::Value, E> {
        charge_text(text.capacity())?;
        self.visitor.visit_string(text)
    }

    #[inline]
    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<V::Value, E> {
        charge_text(bytes.len())?;
        self.visitor.visit_bytes(bytes)
    }

    #[inline]
    fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<V::Value, E> {
        if A::COPIES_TEXT {
            charge_text(bytes.len())?;
        }
        self.visitor.visit_borrowed_bytes(bytes)
    }

    #[inline]
    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<V::Value, E> {
        charge_text(bytes.capacity())?;
        self.visitor.visit_byte_buf(bytes)
    }

    #[inline]
    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    #[inline]
    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    #[inline]
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Metered::<_, S>::new(deserializer))
    }

    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Metered::<_, S>::new(deserializer))
    }

    #[inline]
    fn visit_seq<T: SeqAccess<'de>>(self, seq: T) -> Result<V::Value, T::Error> {
        let is_refused = match A::ARRAYS {
            Arrays::Taken => false,
            Arrays::Refused => true,
            Arrays::Asked => is_tagged(&self.visitor),
        };
        if is_refused {
            return Err(T::Error::invalid_type(Unexpected::Seq, &self.visitor));
        }
        self.visitor.visit_seq(Elements::<_, A>::new(seq))
    }

    #[inline]
    fn visit_map<T: MapAccess<'de>>(self, map: T) -> Result<V::Value, T::Error> {
        self.visitor.visit_map(Entries::<_, A>::new(map))
    }

    #[inline]
    fn visit_enum<T: EnumAccess<'de>>(self, data: T) -> Result<V::Value, T::Error> {
        self.visitor.visit_enum(Variant(data))
    }
}

/// Returns whether a visitor is serde's own for an enum with a `tag`, which is asked for as
/// anything and takes an array for an object like a struct does. It tells by no other means.
fn is_tagged<'de, V: Visitor<'de>>(visitor: &V) -> bool {
    struct Expecting<'v, V>(&'v V);
    impl<'de, V: Visitor<'de>> fmt::Display for Expecting<'_, V> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.expecting(f)
        }
    }

    /// Matches what is written with what is left of a word.
    struct Begins<'w>(&'w str);
    impl fmt::Write for Begins<'_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let common = text.len().min(self.0.len());
            let (Some(text), Some((word, rest))) =
                (text.get(..common), self.0.split_at_checked(common))
            else {
                return Err(fmt::Error);
            };
            if text != word {
                return Err(fmt::Error);
            }
            self.0 = rest;
            Ok(())
        }
    }

    let mut begins = Begins("internally tagged enum ");
    fmt::Write::write_fmt(&mut begins, format_args!("{}", Expecting(visitor))).is_ok()
        && begins.0.is_empty()
}

/// The capacity of a collection that grows by doubling.
#[derive(Default)]
struct Growth {
    len: usize,
    capacity: usize,
}

impl Growth {
    /// Charges one more element of so many bytes. While a collection grows, the former is there as
    /// well.
    #[inline]
    fn push<E: Error>(&mut self, bytes: usize, first: usize) -> Result<(), E> {
        if self.len == self.capacity && bytes > 0 {
            let before = self.capacity.saturating_mul(bytes);
            self.capacity = if self.capacity == 0 { first } else { self.capacity * 2 };
            charge(self.capacity.saturating_mul(bytes).saturating_add(OVERHEAD))?;
            meter::credit(before);
        }
        self.len += 1;
        Ok(())
    }
}

struct Elements<T, A> {
    inner: T,
    /// The number of elements so far.
    count: usize,
    growth: Growth,
    asked: PhantomData<fn() -> A>,
}

impl<T, A> Elements<T, A> {
    #[inline]
    fn new(inner: T) -> Self {
        Self { inner, count: 0, growth: Growth::default(), asked: PhantomData }
    }
}

/// The capacity with the first element: of a list, or of a node of a set.
const fn first(bytes: usize) -> usize {
    match bytes {
        ..=64 => 11,
        65..=1024 => 4,
        _ => 1,
    }
}

impl<'de, T: SeqAccess<'de>, A: Requested> SeqAccess<'de> for Elements<T, A> {
    type Error = T::Error;

    #[inline]
    fn next_element_seed<D: DeserializeSeed<'de>>(
        &mut self,
        seed: D,
    ) -> Result<Option<D::Value>, T::Error> {
        let seed = Metered::<_, In<D::Value>>::new(seed);
        let index = self.count;
        let left = |error| path::left(error, Level::Element(index));
        let element = self.inner.next_element_seed(seed).map_err(left)?;
        self.count += 1;
        if A::KEEPS_ELEMENTS && element.is_some() {
            let bytes = size_of::<D::Value>();
            self.growth.push(bytes, first(bytes))?;
        }
        Ok(element)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        // A collection that is made as large at once would not have been charged.
        None
    }
}

struct Entries<T, A> {
    inner: T,
    /// Bytes of the key.
    key: usize,
    growth: Growth,
    asked: PhantomData<fn() -> A>,
}

impl<T, A> Entries<T, A> {
    #[inline]
    fn new(inner: T) -> Self {
        Self { inner, key: 0, growth: Growth::default(), asked: PhantomData }
    }
}

impl<'de, T: MapAccess<'de>, A: Requested> MapAccess<'de> for Entries<T, A> {
    type Error = T::Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, T::Error> {
        if A::KEEPS_ENTRIES {
            self.key = size_of::<K::Value>();
        }
        self.inner.next_key_seed(Metered::<_, In<K::Value>>::new(seed)).map_err(left_field)
    }

    #[inline]
    fn next_value_seed<D: DeserializeSeed<'de>>(&mut self, seed: D) -> Result<D::Value, T::Error> {
        if A::KEEPS_ENTRIES {
            // Nodes of a tree are half empty, and so may the table of a hash map be.
            let entry = self.key + size_of::<D::Value>();
            self.growth.push(entry + entry / 8 + 8, 11)?;
        }
        self.inner.next_value_seed(Metered::<_, In<D::Value>>::new(seed)).map_err(left_field)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        None
    }
}

impl<'de, T: DeserializeSeed<'de>, S: Slot> DeserializeSeed<'de> for Metered<T, S> {
    type Value = T::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T::Value, D::Error> {
        self.inner.deserialize(Metered::<_, S>::new(deserializer))
    }
}

/// An enum's variant, then what it holds.
struct Variant<A>(A);

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Variant<A> {
    type Error = A::Error;
    type Variant = Variant<A::Variant>;

    #[inline]
    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self::Variant), A::Error> {
        let (value, variant) = self.0.variant_seed(Metered::<_, In<T::Value>>::new(seed))?;
        Ok((value, Variant(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Variant<A> {
    type Error = A::Error;

    #[inline]
    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    #[inline]
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        let seed = Metered::<_, In<T::Value>>::new(seed);
        self.0.newtype_variant_seed(seed).map_err(left_field)
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let visitor = MeteredVisitor::<_, Inline, Anywhere>::new(visitor)?;
        self.0.tuple_variant(len, visitor).map_err(left_field)
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = MeteredVisitor::<_, Struct, Anywhere>::new(visitor)?;
        self.0.struct_variant(fields, visitor).map_err(left_field)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde::Deserialize;
    use serde_json::Value;

    use crate::meter::Metering;
    use crate::{Allowance, Context, Error, decode};

    #[derive(Debug, Deserialize)]
    struct Pod {
        #[expect(dead_code, reason = "only its shape matters here")]
        spec: Option<Spec>,
    }

    #[derive(Debug, Deserialize)]
    struct Spec {
        #[expect(dead_code, reason = "only its shape matters here")]
        containers: Vec<u64>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its shape matters here")]
    enum Task {
        Sleep { ms: u64 },
        Pair(u64, u64),
    }

    #[derive(Debug, Deserialize)]
    #[serde(tag = "do")]
    #[expect(dead_code, reason = "only its shape matters here")]
    enum Tagged {
        Sleep { ms: u64 },
    }

    fn error<T: serde::de::DeserializeOwned + std::fmt::Debug>(json: &str) -> String {
        decode::<T>(json.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn array_is_not_accepted_as_an_object() {
        assert_eq!(
            error::<Pod>("[null]"),
            "expected an object, found an array, at line 1 column 1"
        );
        assert_eq!(
            error::<Pod>(r#"{"spec": [[]]}"#),
            "expected an object, found an array, at `spec` (line 1 column 10)"
        );
        assert_eq!(
            error::<Task>(r#"{"Sleep": [7]}"#),
            "expected an object, found an array, at `Sleep` (line 1 column 11)"
        );
        assert!(error::<Tagged>(r#"["Sleep", 7]"#).ends_with("found an array, at line 1 column 1"));
        decode::<Task>(br#"{"Pair": [1, 2]}"#).unwrap();
        decode::<Tagged>(br#"{"do": "Sleep", "ms": 7}"#).unwrap();
        decode::<(u8, [u8; 2], Vec<u8>, Value)>(b"[1, [2, 3], [4], [[5]]]").unwrap();
    }

    #[derive(Debug)]
    struct Counted(AtomicUsize);

    impl Allowance for Counted {
        fn take(&self, bytes: usize) -> Result<(), Error> {
            self.0.fetch_add(bytes, Ordering::Relaxed);
            Ok(())
        }
    }

    /// The charge for decoding, in kilobytes.
    fn charged<T: serde::de::DeserializeOwned>(json: &str) -> usize {
        let counted = Arc::new(Counted(AtomicUsize::new(0)));
        let allowance: Arc<dyn Allowance> = Arc::clone(&counted) as _;
        let _metering = Metering::begin(&Context::new("1").with_allowance(&allowance));
        decode::<T>(json.as_bytes()).unwrap();
        counted.0.load(Ordering::Relaxed) >> 10
    }

    #[test]
    fn decoding_charges_its_allocations() {
        let list = |element: &str| format!("[{}{element}]", format!("{element},").repeat(9_999));
        for (charged, least) in [
            (charged::<Vec<u64>>(&list("0")), 78),
            (charged::<Vec<Vec<u64>>>(&list("[0]")), 234 + 10_000 * 32 / 1024),
            (charged::<Vec<String>>(&list("\"abcdefgh\"")), 234 + 10_000 * 24 / 1024),
            (charged::<HashSet<String>>(&list("\"\"")), 234),
            (charged::<Vec<BTreeMap<u8, u64>>>(&list("{\"1\":1}")), 234 + 10_000 * 112 / 1024),
            (
                charged::<Vec<Option<Box<[u64; 8]>>>>(&list("[1,2,3,4,5,6,7,8]")),
                78 + 10_000 * 64 / 1024,
            ),
            (charged::<Value>(&list("{\"\":0}")), 312 + 10_000 * 632 / 1024),
            (charged::<Vec<Option<Box<Pod>>>>(&list("{}")), 78 + 10_000 * 24 / 1024),
        ] {
            assert!((least..least * 5).contains(&charged), "{charged} KiB, at least {least}");
        }
        assert_eq!(charged::<Vec<String>>("[]"), 0);
    }
}
