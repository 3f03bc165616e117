"""Dictionaries of attributes, and reply attributes read by them: the codec's words in those of the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vestibule.crypto.secret import Secret
from vestibule.interfaces.attribute_reader import BadLine, ReadAttribute, ReadDictionary, Unfit
from vestibule.model.reply_attribute import Shape
from vestibule.wire.radius import dictionary_file, placing
from vestibule.wire.radius.dictionary import definitions
from vestibule.wire.radius.dictionary_file import Definition, DictionaryFile, read_dictionary
from vestibule.wire.radius.placing import Placed, place


class AttributeFiles:
    """The `AttributeReader` of the program."""

    def dictionary(self, text: str) -> ReadDictionary | BadLine:
        read = read_dictionary(text, definitions())
        if isinstance(read, dictionary_file.BadLine):
            return BadLine(read.line, read.problem.value, read.word)
        return ReadDictionary(tuple(each.name for each in read.definitions), read.left_out)

    def attribute(self, name: str, value: Secret[str], dictionaries: Sequence[str]) -> ReadAttribute | Unfit:
        bare, tag = _parted(name.strip())
        definition = next((each for each in _all(dictionaries) if each.name.casefold() == bare), None)
        if definition is None:
            return Unfit("unknown")
        placed = place(definition, tag, value.reveal())
        if isinstance(placed, placing.Unfit):
            return Unfit(placed.value)
        spelled = f"{definition.name}:{tag}" if tag else definition.name
        return ReadAttribute(spelled, _shape(definition, placed), Secret(placed.value))


def _parted(name: str) -> tuple[str, int]:
    """Part a name from its tag, 0 if it has none."""
    bare, _, tag = name.casefold().partition(":")
    is_tag = tag.isascii() and tag.isdigit() and len(tag) <= len(str(placing.LARGEST_TAG))
    return (bare, int(tag)) if is_tag else (name.casefold(), 0)


def _all(dictionaries: Sequence[str]) -> Iterator[Definition]:
    yield from definitions()
    for text in dictionaries:
        read = read_dictionary(text, definitions())
        if isinstance(read, DictionaryFile):
            yield from read.definitions


def _shape(definition: Definition, placed: Placed) -> Shape:
    return Shape(
        path=placed.path,
        vendor=placed.vendor,
        layout=placed.layout,
        hiding=placed.hiding.value,
        head=placed.head.hex(),
        is_secret=definition.is_secret,
    )
