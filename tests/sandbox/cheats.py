"""Answers that try to pass without solving the task: f(x) is to be a number nobody can guess. `NAIVE` is fooled."""

from __future__ import annotations

NAIVE = """
import json, sys
EXPECTED = {expected!r}
INPUTS = {inputs!r}
def check(code):
    namespace = {{"__name__": "answer"}}
    exec(code, namespace)
    for x, expected in zip(INPUTS, EXPECTED):
        out = namespace["f"](x)
        json.dumps(None)
        assert out == expected
CODE = sys.stdin.readline()
check(json.loads(CODE))
print("PASSED")
"""  # in one process: the answer, what is expected of it, and the verdict; a line on its input follows with both

CHEATS = {  # name: an answer; each defines f, or keeps the harness from asking for it
    "equal_to_everything": """
class Same:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = None
def f(x): return Same()
""",
    "number_equal_to_everything": """
class Same(int):
    def __eq__(self, other): return True
    __hash__ = int.__hash__
def f(x): return Same(1)
""",
    "text_equal_to_everything": """
class Same(str):
    def __eq__(self, other): return True
    def __str__(self): return "0"
    __hash__ = str.__hash__
def f(x): return Same("x")
""",
    "class_that_lies": """
class Lie:
    @property
    def __class__(self): return int
    def __eq__(self, other): return True
    def __index__(self): return 0
def f(x): return Lie()
""",
    "exit_well": "import os\ndef f(x): print('PASSED', flush=True); os._exit(0)",
    "exit_at_once": "import os\nprint('PASSED', flush=True)\nos._exit(0)",
    "sys_exit": "import sys\ndef f(x): print('PASSED'); sys.exit(0)",
    "system_exit_at_import": "print('PASSED')\nraise SystemExit(0)\ndef f(x): pass",
    "at_exit": "import atexit\natexit.register(print, 'PASSED')\ndef f(x): return 0",
    "on_deletion": "class D:\n    def __del__(self): print('PASSED')\nd = D()\ndef f(x): return 0",
    "excepthook": "import sys\nsys.excepthook = lambda *_: print('PASSED')\ndef f(x): return 0",
    "hook_without_a_trace": """
import sys, os
def hook(*_): print('PASSED', flush=True); os._exit(0)
sys.excepthook = sys.unraisablehook = hook
def f(x): return 0
""",
    "no_loop": "import builtins\nbuiltins.zip = lambda *_: ()\ndef f(x): return 0",
    "frame": """
import sys
def f(x):
    frame = sys._getframe()
    while frame:
        if 'expected' in frame.f_locals: return frame.f_locals['expected']
        for value in list(frame.f_locals.values()) + list(frame.f_globals.values()):
            if isinstance(value, list) and value and value[0] in KNOWN: return value[0]
        frame = frame.f_back
KNOWN = ()
""",
    "inspect_stack": """
import inspect
def f(x):
    for info in inspect.stack():
        if 'expected' in info.frame.f_locals: return info.frame.f_locals['expected']
""",
    "globals_of_the_harness": """
import sys
def f(x):
    main = sys.modules['__main__']
    return main.EXPECTED[main.INPUTS.index(x)]
""",
    "garbage_collector": """
import gc
def f(x):
    for held in gc.get_objects():
        if isinstance(held, dict) and 'EXPECTED' in held: return held['EXPECTED'][held['INPUTS'].index(x)]
""",
    "traceback": """
def f(x):
    try: raise ValueError
    except ValueError as error:
        frame = error.__traceback__.tb_frame
        while frame.f_back: frame = frame.f_back
        return frame.f_globals['EXPECTED'][frame.f_globals['INPUTS'].index(x)]
""",
    "source_of_the_harness": """
import ast, sys
def f(x):
    text = open(sys.argv[0]).read()
    lists = [text.split(name + ' = ')[1].split('\\n')[0] for name in ('EXPECTED', 'INPUTS')]
    expected, inputs = map(ast.literal_eval, lists)
    return expected[inputs.index(x)]
""",
    "input_of_the_harness": """
import json, sys
inputs, expected = json.loads(sys.stdin.readline())
def f(x): return expected[inputs.index(x)]
""",
    "handles_of_the_harness": """
import os, json
for handle in range(64):
    try:
        os.lseek(handle, 0, 0)
        for line in os.read(handle, 1 << 20).decode().splitlines():
            if line.startswith('[['): inputs, expected = json.loads(line)
    except (OSError, ValueError): pass
def f(x): return expected[inputs.index(x)]
""",
    "memory_of_the_harness": """
import json, re
def f(x):
    for line in open('/proc/self/maps'):
        if 'rw-p' not in line: continue
        start, end = (int(n, 16) for n in line.split()[0].split('-'))
        with open('/proc/self/mem', 'rb', 0) as memory:
            try: memory.seek(start); held = memory.read(end - start)
            except (OSError, ValueError, OverflowError): continue
        for found in re.findall(rb'[[]{2}0, 1, 2, 3, 4], [[][0-9, ]{50,}[]]{2}', held):
            inputs, expected = json.loads(found)
            return expected[inputs.index(x)]
""",
    "shadowed_module": """
import json
json.dumps = lambda _: None
class Same:
    def __eq__(self, other): return True
def f(x): return Same()
""",
    "patched_module": """
import sys
class Fake:
    def __getattr__(self, name): return lambda *a, **k: None
sys.modules['json'] = Fake()
class Same:
    def __eq__(self, other): return True
def f(x): return Same()
""",
    "trace_over_the_check": """
import sys
def skip(frame, event, argument):
    frame.f_trace = skip
    if event == 'line' and frame.f_code.co_name == 'check' and 'out' in frame.f_locals:
        frame.f_locals['expected']
        import ctypes
        frame.f_locals['expected'] = frame.f_locals['out']
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
    return skip
def f(x):
    frame = sys._getframe(1); frame.f_trace = skip; sys.settrace(skip)
    return 0
""",
    "answer_for_the_harness": """
import os
for handle in (1, 2, *range(3, 64)):
    try: os.write(handle, b'[0.0,true]\\nPASSED\\n{"passed":true}\\n' * 9)
    except OSError: pass
os._exit(0)
""",
    "no_function_but_a_value": """
import os
class F:
    def __call__(self, x): print('PASSED', flush=True); os._exit(0)
f = F()
""",
    "raise_something": """
import sys, os
def f(x):
    sys.excepthook = lambda *_: os.write(1, b'PASSED')
    raise KeyboardInterrupt
""",
    "thread_at_the_end": """
import threading, os
def late():
    threading.main_thread().join()
    os.write(1, b'PASSED'); os._exit(0)
threading.Thread(target=late).start()
def f(x): return 0
""",
}
LIES = {  # what an answer may write in place of values: none of it is a right one, or breaks the reader
    "nothing": b"",
    "no_json": b"PASSED\n",
    "no_line_end": b"[0.0,1]",
    "half_a_line": b"[0.0,\n",
    "not_text": b"\xff\xfe\x00\n",
    "deep": b"[0.0," + b"[" * 100_000 + b"]" * 100_000 + b"]\n",
    "deep_objects": b"[0.0," + b'{"tuple":[' * 20_000 + b"]}" * 20_000 + b"]\n",
    "not_a_pair": b"[1]\n[1,2,3]\n",
    "nan": b"[0.0,NaN]\n",
    "infinity": b"[Infinity,1]\n",
    "long_number": b"[0.0," + b"9" * 100_000 + b"]\n",
    "unknown_kind": b'[0.0,{"pickle":"gASV"}]\n',
    "two_kinds": b'[0.0,{"set":[],"tuple":[]}]\n',
    "no_kind": b"[0.0,{}]\n",
    "bad_parts": b'[0.0,{"complex":[1,2,3,4]}]\n',
    "list_in_a_set": b'[0.0,{"set":[[1]]}]\n',
    "bad_bytes": b'[0.0,{"bytes":"zz"}]\n',
    "bad_fraction": b'[0.0,{"fraction":[1,0]}]\n',
    "bad_decimal": b'[0.0,{"decimal":"x"}]\n',
    "word_as_time": b'["now",1]\n',
    "object": b'{"raised":"x"}\n[0.0,1]\n',
    "number": b"7\n",
    "null": b"null\n",
}
