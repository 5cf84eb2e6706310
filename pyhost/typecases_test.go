package pyhost_test

import "github.com/ewoks-hpc/ewoks-hpc/task"

// noValue is an input that a task before has not set.
func noValue(name string) task.Named { return task.Named{Name: name} }

var documentsHoldValues = map[string]string{"reference": "a document cannot give MISSING_DATA"}

var methodCases = map[string]typeCase{
	"no inputs":         {kind: "method", identifier: "plain.nothing", want: `{"return_value": 42}`},
	"positions":         {kind: "method", identifier: "plain.show", inputs: inputs("1", `"b"`, "0", `"a"`), want: `{"return_value": [["a", "b"], []]}`},
	"order of names":    {kind: "method", identifier: "plain.show", inputs: inputs("z", "1", "0", "2", "a", "3"), want: `{"return_value": [[2], [["z", 1], ["a", 3]]]}`},
	"gap":               {kind: "method", identifier: "plain.show", inputs: inputs("2", "7"), want: `{"return_value": [["missing", "missing", 7], []]}`},
	"missing position":  {kind: "method", identifier: "plain.show", inputs: append(inputs("1", "7"), noValue("0")), want: `{"return_value": [["missing", 7], []]}`, not: documentsHoldValues},
	"missing name":      {kind: "method", identifier: "plain.default", inputs: append(inputs("a", "7"), noValue("b")), want: `{"return_value": [7, "default"]}`, not: documentsHoldValues},
	"null is a value":   {kind: "method", identifier: "plain.default", inputs: inputs("a", "null", "b", "null"), want: `{"return_value": [null, null]}`},
	"method given":      {kind: "method", identifier: "plain.show", inputs: inputs("_method", `"plain.nothing"`, "a", "1"), want: `{"return_value": [[], [["a", 1]]]}`},
	"returns nothing":   {kind: "method", identifier: "plain.same", inputs: inputs("0", "null"), want: `{"return_value": null}`},
	"returns missing":   {kind: "method", identifier: "plain.missing", want: `{}`},
	"nested value":      {kind: "method", identifier: "plain.same", inputs: inputs("value", `{"a": [1, {"b": null}], "c": 1.5}`), want: `{"return_value": {"a": [1, {"b": null}], "c": 1.5}}`},
	"changed in place":  {kind: "method", identifier: "plain.append", inputs: inputs("values", `[]`), want: `{"return_value": [1]}`},
	"builtin":           {kind: "method", identifier: "builtins.max", inputs: inputs("0", "[1, 3, 2]"), want: `{"return_value": 3}`},
	"file":              {kind: "method", identifier: "pkg/inner.py::twice", inputs: inputs("a", "4"), want: `{"return_value": 8}`},
	"package":           {kind: "method", identifier: "pkg.inner.twice", inputs: inputs("a", "4"), want: `{"return_value": 8}`},
	"print":             {kind: "method", identifier: "plain.speak", inputs: inputs("text", `"a"`), want: `{"return_value": null}`, stdout: "a\n", stderr: "A\n"},
	"raises":            {kind: "method", identifier: "plain.fail", inputs: inputs("text", `"abc"`), errType: "ValueError", errText: "abc"},
	"raises, label":     {kind: "method", identifier: "plain.fail", label: "my label", inputs: inputs("text", `"abc"`), errType: "ValueError", errText: "abc"},
	"raises strange":    {kind: "method", identifier: "plain.fail_strange", errType: "Strange", errText: "it's \"strange\" é"},
	"raises no text":    {kind: "method", identifier: "plain.fail_empty", errType: "ValueError"},
	"raises key":        {kind: "method", identifier: "plain.fail_key", errType: "KeyError", errText: "'key'"},
	"wrong arguments":   {kind: "method", identifier: "plain.nothing", inputs: inputs("0", "1"), errType: "TypeError", errText: "nothing() takes 0 positional arguments but 1 was given"},
	"no module":         {kind: "method", identifier: "nowhere.f", errType: "ModuleNotFoundError", errText: "No module named 'nowhere'"},
	"no attribute":      {kind: "method", identifier: "plain.nowhere", errType: "ImportError", errText: "Cannot import nowhere from plain"},
	"no module part":    {kind: "method", identifier: "nowhere", errType: "ImportError", errText: "Cannot import nowhere, no module part found"},
	"no file":           {kind: "method", identifier: "nowhere.py::f", errType: "ModuleNotFoundError", errText: "No module named 'nowhere'"},
	"broken module":     {kind: "method", identifier: "broken.f", errType: "RuntimeError", errText: "broken module"},
	"not callable":      {kind: "method", identifier: "plain.number", errType: "TypeError", errText: "'plain.number' is not callable (got <class 'int'>)"},
	"working directory": {kind: "method", identifier: "os.path.exists", inputs: inputs("0", `"plain.py"`), want: `{"return_value": true}`},
}

var ppfCases = map[string]typeCase{
	"ppf arguments":    {kind: "ppfmethod", identifier: "plain.ppf", inputs: inputs("b", "1", "a", "2"), want: `{"_ppfdict": {"b": 1, "a": 2, "seen": ["b", "a"]}}`},
	"ppf upstream":     {kind: "ppfmethod", identifier: "plain.ppf", inputs: inputs("_ppfdict", `{"b": 3, "c": 4}`, "b", "1"), want: `{"_ppfdict": {"b": 3, "c": 4, "seen": ["b", "c"]}}`},
	"ppf empty":        {kind: "ppfmethod", identifier: "plain.ppf", inputs: inputs("_ppfdict", `null`), want: `{"_ppfdict": {"seen": []}}`},
	"ppf missing":      {kind: "ppfmethod", identifier: "plain.ppf", inputs: []task.Named{noValue("_ppfdict"), noValue("a")}, want: `{"_ppfdict": {"seen": []}}`, not: documentsHoldValues},
	"ppf method":       {kind: "ppfmethod", identifier: "plain.ppf", inputs: inputs("_ppfdict", `{"_method": 5}`, "_method", `"x"`), want: `{"_ppfdict": {"_method": 5, "seen": ["_method"]}}`},
	"ppf pairs":        {kind: "ppfmethod", identifier: "plain.ppf_pairs", inputs: inputs("_ppfdict", `[["b", 2]]`), want: `{"_ppfdict": {"a": 1, "b": 2}}`},
	"ppf none":         {kind: "ppfmethod", identifier: "plain.ppf_none", inputs: inputs("a", "1"), errType: "TypeError", errText: "'NoneType' object is not iterable"},
	"ppf number":       {kind: "ppfmethod", identifier: "plain.ppf_number", errType: "TypeError", errText: "'int' object is not iterable"},
	"ppf position":     {kind: "ppfmethod", identifier: "plain.ppf", inputs: inputs("0", "1"), errType: "TypeError", errText: "keywords must be strings"},
	"ppf bad upstream": {kind: "ppfmethod", identifier: "plain.ppf", inputs: inputs("_ppfdict", "3"), errType: "TypeError", errText: "'int' object is not iterable"},
	"port":             {kind: "ppfport", inputs: inputs("a", "1", "_ppfdict", `{"a": 2, "b": 3}`, "_method", "4"), want: `{"_ppfdict": {"a": 2, "b": 3, "_method": 4}}`},
	"port empty":       {kind: "ppfport", want: `{"_ppfdict": {}}`},
	"port bad":         {kind: "ppfport", inputs: inputs("_ppfdict", "3"), errType: "TypeError", errText: "'int' object is not iterable"},
}

var scriptCases = map[string]typeCase{
	"arguments": {
		kind: "script", identifier: "./shebang.sh", want: `{"return_code": 3, "out": "-n|5|--long|word|--flag|--none|None|--list|[1, 'a']|--true|True|first|third|", "err": "err\n"}`,
		inputs: inputs("3", `"third"`, "n", "5", "long", `"word"`, "flag", `""`, "_capture_output", "true", "none", "null", "list", `[1, "a"]`, "true", "true", "1", `"first"`),
	},
	"no capture":        {kind: "script", identifier: "echo hello", want: `{"return_code": 0, "out": null, "err": null}`, stdout: "hello\n"},
	"merged":            {kind: "script", identifier: "./shebang.sh", inputs: inputs("_capture_output", "1", "_merge_err", "1"), want: `{"return_code": 3, "out": "|err\n", "err": null}`},
	"merge, no capture": {kind: "script", identifier: "true", inputs: inputs("_merge_err", "1"), want: `{"return_code": 0, "out": null, "err": null}`},
	"capture nothing":   {kind: "script", identifier: "true", inputs: inputs("_capture_output", "1"), want: `{"return_code": 0, "out": "", "err": ""}`},
	"missing argument":  {kind: "script", identifier: "echo", inputs: append(inputs("_capture_output", "1"), noValue("a"), noValue("_merge_err")), want: `{"return_code": 0, "out": "\n", "err": ""}`, not: documentsHoldValues},
	"no quoting":        {kind: "script", identifier: "echo 'a  b'", inputs: inputs("_capture_output", "1"), want: `{"return_code": 0, "out": "'a  b'\n", "err": ""}`},
	"script given":      {kind: "script", identifier: "echo", inputs: inputs("_script", `"false"`, "_capture_output", "1"), want: `{"return_code": 0, "out": "\n", "err": ""}`},
	"bash":              {kind: "script", identifier: "noshebang.sh", inputs: inputs("_capture_output", "1", "0", "1"), want: `{"return_code": 0, "out": "1|", "err": ""}`},
	"python":            {kind: "script", identifier: "script.py", inputs: inputs("_capture_output", "1", "a", "1"), want: `{"return_code": 0, "out": "['-a', '1']\n", "err": ""}`},
	"exit code":         {kind: "script", identifier: "false", want: `{"return_code": 1, "out": null, "err": null}`},
	"exit code raised":  {kind: "script", identifier: "false", inputs: inputs("_raise_on_error", "true", "a", "1"), errType: "CalledProcessError", errText: "Command '['false', '-a', '1']' returned non-zero exit status 1."},
	"no program":        {kind: "script", identifier: "./nowhere.sh", errType: "FileNotFoundError", errText: "[Errno 2] No such file or directory: './nowhere.sh'"},
	"not executable":    {kind: "script", identifier: "denied.sh", errType: "PermissionError", errText: "[Errno 13] Permission denied: 'DIR/denied.sh'"},
	"not text":          {kind: "script", identifier: "binary", errType: "UnicodeDecodeError", errText: "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"},
	"output not text":   {kind: "script", identifier: "cat binary", inputs: inputs("_capture_output", "1"), errType: "UnicodeDecodeError", errText: "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"},
}

var classCases = map[string]typeCase{
	"class":            {kind: "class", identifier: "classes.Sum", inputs: inputs("a", "1"), want: `{"sum": 2, "more": {"list": [1, null, "text"]}}`},
	"class, optional":  {kind: "class", identifier: "classes.Sum", inputs: inputs("b", "3", "a", "1"), want: `{"sum": 4, "more": {"list": [1, null, "text"]}}`},
	"class, missing":   {kind: "class", identifier: "classes.Optional", inputs: append(inputs("a", "1"), noValue("b")), want: `{"given": ["a"]}`, not: documentsHoldValues},
	"class, null":      {kind: "class", identifier: "classes.Optional", inputs: inputs("a", "null"), want: `{"given": ["a"]}`},
	"class, unset":     {kind: "class", identifier: "classes.Half", inputs: inputs("a", "1"), want: `{"odd": 1}`},
	"class, extra":     {kind: "class", identifier: "classes.Extra", inputs: inputs("z", "1", "a", "2"), want: `{"named": {"z": 1, "a": 2}}`},
	"class, positions": {kind: "class", identifier: "classes.Positional", inputs: inputs("3", "1", "0", "2", "1", "3"), want: `{"args": [2, 3, "missing", 1]}`},
	"class, identity":  {kind: "class", identifier: "classes.Ident", want: `{"ident": ["n", "n", "classes.Ident"]}`},
	"class, label":     {kind: "class", identifier: "classes.Ident", label: "my label", want: `{"ident": ["my label", "n", "classes.Ident"]}`},
	"class, progress":  {kind: "class", identifier: "classes.Progress", want: `{"progress": null}`},
	"class, fails":     {kind: "class", identifier: "classes.Fail", inputs: inputs("text", `"no disk"`), errType: "OSError", errText: "no disk"},
	"class, no text":   {kind: "class", identifier: "classes.Empty", errType: "AssertionError"},
	"class, not given": {kind: "class", identifier: "classes.Sum", label: "the sum", errType: "TaskInputError", unwrapped: true, errText: "Missing inputs for ewoks task 'the sum' (id: 'n', task: 'classes.Sum'): ['a']"},
	"class, no value":  {kind: "class", identifier: "classes.Sum", inputs: []task.Named{noValue("a")}, errType: "TaskInputError", errText: "The following inputs could not be loaded for ewoks task 'n' (id: 'n', task: 'classes.Sum'): ['a']", not: documentsHoldValues},
	"class, position":  {kind: "class", identifier: "classes.Positional", inputs: inputs("0", "1"), errType: "TaskInputError", unwrapped: true, errText: "Missing inputs for ewoks task 'n' (id: 'n', task: 'classes.Positional'): positional argument #1"},
	"class, spelling":  {kind: "class", identifier: "classes.Undeclared", errType: "MissingVariableError", errText: "b"},
	"class, nowhere":   {kind: "class", identifier: "nowhere.Class", errType: "ModuleNotFoundError", unwrapped: true, errText: "No module named 'nowhere'"},
	"class, no module": {kind: "class", identifier: "Nowhere", errType: "ImportError", unwrapped: true, errText: "Cannot import Nowhere, no module part found"},
	// The registry of classes is asked first; "class" has filled it.
	"class, suffix": {kind: "class", identifier: "Half", inputs: inputs("a", "2"), want: `{"even": 2}`},
	"model":         {kind: "class", identifier: "classes.Model", inputs: inputs("number", `"41"`), want: `{"number": 42, "text": "default"}`},
	"model, output": {kind: "class", identifier: "classes.Loose", inputs: inputs("number", `"7"`), want: `{"number": 7, "text": "text"}`},
	"generated":     {kind: "generated", identifier: "add_5", generator: "classes.generate", inputs: inputs("a", "1"), want: `{"sum": 6}`},
	"notebook":      {kind: "notebook", identifier: "notebook.ipynb", inputs: inputs("a", "3", "b", "5"), want: `{"results": {"result": 8, "x": "'string'"}, "output_notebook": null}`},
	"unknown type":  {kind: "strange", identifier: "x", errType: "ValueError", unwrapped: true, errText: "Task 'n' requires the 'class', 'method', 'ppfmethod', 'ppfport', 'script', 'notebook', 'task' or 'task_type' key"},
}
