"""The official ``ast_checker`` of bfcl-eval, loaded without the vendor SDKs that its package pulls in.

``ast_checker`` imports ``bfcl_eval.constants.model_config``, which imports every vendor's SDK (6.3 GB), for one flag:
whether dots in function names become underscores. Here that module is replaced, while the checker's own file is
executed, by two entries: ``native`` (tool calls: names without dots) and ``text`` (names as they stand). Nothing else
of the package runs, nothing is written, and ``sys.modules`` is left as it was found.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from genesis.errors import BenchmarkError, MissingExtraError

NATIVE, TEXT = "native", "text"
_CONFIG = "bfcl_eval.constants.model_config"
_LOCK = threading.Lock()
INSTALL = "BFCL's checker is not installed: `make setup`, or `pip install --no-deps bfcl-eval` and the extra `bfcl`"


@functools.cache
def ast_checker() -> Callable[..., dict[str, Any]]:
    """Return ``ast_checker(functions, calls, gold, language, category, NATIVE | TEXT) -> {"valid", "error", ...}``.

    Raises MissingExtraError where bfcl-eval is not installed, BenchmarkError where its layout has changed.
    """
    checker: Callable[..., dict[str, Any]] = _load().ast_checker
    return checker


def language(category: str) -> Any:
    """Return the checker's ``Language`` of a category: Java, JavaScript, else Python."""
    kinds = _load().Language
    if "javascript" in category:
        return kinds.JAVASCRIPT
    return kinds.JAVA if "java" in category else kinds.PYTHON


def parse_java(text: str) -> Any:
    """Return the calls in Java source as the official parser (tree-sitter) reads them."""
    return _parser("java_parser").parse_java_function_call(text)


def parse_javascript(text: str) -> Any:
    """Return the calls in JavaScript source as the official parser (tree-sitter) reads them."""
    return _parser("js_parser").parse_javascript_function_call(text)


@functools.cache
def _load() -> ModuleType:
    spec = importlib.util.find_spec("bfcl_eval")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(INSTALL)
    path = Path(spec.submodule_search_locations[0]) / "eval_checker" / "ast_eval" / "ast_checker.py"
    config = ModuleType(_CONFIG)
    flags = {NATIVE: SimpleNamespace(underscore_to_dot=True), TEXT: SimpleNamespace(underscore_to_dot=False)}
    config.MODEL_CONFIG_MAPPING = flags  # type: ignore[attr-defined]
    with _LOCK:
        before = sys.modules.get(_CONFIG)
        sys.modules[_CONFIG] = config
        try:
            own = importlib.util.spec_from_file_location("genesis.downstream._bfcl_ast_checker", path)
            if own is None or own.loader is None or not path.is_file():
                raise BenchmarkError(
                    f"bfcl-eval: {path.name} is not where it is expected; versions known: 2025.12-2026.3"
                )
            module = importlib.util.module_from_spec(own)
            own.loader.exec_module(module)
            return module
        except ImportError as error:
            raise MissingExtraError(f"{INSTALL} ({error})") from error
        finally:
            if before is None:
                del sys.modules[_CONFIG]
            else:
                sys.modules[_CONFIG] = before


def _parser(name: str) -> ModuleType:
    try:
        return importlib.import_module(f"bfcl_eval.model_handler.parser.{name}")
    except ImportError as error:
        raise MissingExtraError(f"{INSTALL} ({error})") from error
