package workflow

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Representation says how a source is written. The zero value means: find out.
// An explicit one also holds for the subgraphs of the source.
type Representation string

// The representations of ewoks.
const (
	Detect     Representation = ""
	JSON       Representation = "json"        // a JSON file
	YAML       Representation = "yaml"        // a YAML file
	JSONDict   Representation = "json_dict"   // JSON text; subgraphs are inline mappings
	JSONString Representation = "json_string" // JSON text; subgraphs are JSON in a string
	JSONModule Representation = "json_module" // package.module.name, a JSON file of a Python package
	YAMLModule Representation = "yaml_module" // the same for YAML
)

// Source is where a workflow document comes from. The zero value is the empty
// graph.
type Source struct {
	// Path is a file, a package.module.name, or JSON text.
	Path string
	// Data is the document itself; Path is then only its name in messages.
	Data           []byte
	Representation Representation
}

// LoadOptions say where files are looked for and what is too much.
type LoadOptions struct {
	// RootDir is the directory of relative paths, of subgraphs too. By default
	// it is the directory of RootModule, else the working directory.
	RootDir string
	// RootModule is a Python package; files found through it get the graph id
	// "package.file".
	RootModule string
	// SearchPath are the directories where Python packages are looked for.
	SearchPath []string
	// MaxBytes bounds the size of each JSON document; 0 means DefaultMaxBytes.
	// A YAML document may have an eighth, as it takes far more memory.
	MaxBytes int64
	// MaxDepth bounds the nesting of values and of subgraphs; 0 means
	// DefaultMaxDepth.
	MaxDepth int
	// MaxElements bounds nodes plus links; 0 means DefaultMaxElements.
	MaxElements int
}

// The limits that hold unless LoadOptions say otherwise.
const (
	DefaultMaxBytes    = 256 << 20
	DefaultMaxDepth    = 200
	DefaultMaxElements = 2_000_000
)

// LoadFile loads a JSON or YAML file and the subgraphs it names.
func LoadFile(path string, opts LoadOptions) (*Workflow, error) {
	if path == "" {
		return nil, fmt.Errorf("the path of the workflow is empty")
	}
	return Load(Source{Path: path}, opts)
}

// Parse loads a document from memory: JSON, else YAML.
func Parse(data []byte, opts LoadOptions) (*Workflow, error) {
	return Load(Source{Data: data}, opts)
}

// Load reads a workflow document and its subgraphs, flattens and validates
// them. It fails with Problems, listing all that is wrong with the document, or
// with a SyntaxError or NotFoundError when it cannot be read.
func Load(source Source, opts LoadOptions) (*Workflow, error) {
	l, err := newLoader(opts)
	if err != nil {
		return nil, err
	}
	l.as = source.Representation
	doc, err := l.read(source)
	if err != nil {
		return nil, err
	}
	g := l.build(doc)
	if err := l.report.err(); err != nil {
		return nil, err
	}
	return g.workflow(l.report.warnings), nil
}

// loader is one call of Load.
type loader struct {
	opts   LoadOptions
	finder finder
	report report
	// as is the representation that holds for subgraphs too.
	as Representation
	// scope is the string form of the graph node whose subgraph is being built.
	scope string
	// stack are the files whose subgraphs are being built, outermost first.
	stack []string
	depth int
	// built are the subgraphs already built, by file. They are not changed
	// when they are embedded.
	built map[string]*graph
	// elements counts the nodes and links of all graphs, embedded ones each
	// time they are embedded.
	elements int
}

func newLoader(opts LoadOptions) (*loader, error) {
	if opts.MaxBytes == 0 {
		opts.MaxBytes = DefaultMaxBytes
	}
	if opts.MaxDepth == 0 {
		opts.MaxDepth = DefaultMaxDepth
	}
	if opts.MaxElements == 0 {
		opts.MaxElements = DefaultMaxElements
	}
	finder, err := newFinder(opts)
	return &loader{opts: opts, finder: finder, built: map[string]*graph{}}, err
}

// read finds and decodes the outermost document.
func (l *loader) read(source Source) (*document, error) {
	switch {
	case source.Data != nil:
		// The document keeps parts of the text, which stays the caller's.
		return l.decodeText(source.Path, append([]byte(nil), source.Data...), source.Representation)
	case source.Path == "":
		return &document{}, nil
	}
	origin, err := l.locate(source.Path, source.Representation)
	if err != nil {
		return nil, err
	}
	if origin.file != "" {
		l.stack = append(l.stack, realPath(origin.file))
	}
	return l.decodeOrigin(origin)
}

// origin is a located document: a file, or JSON text.
type origin struct {
	file    string
	text    []byte
	format  format
	graphID string
}

type format int

const (
	jsonFormat format = iota
	yamlFormat
	anyFormat
)

// locate follows the rules of ewokscore on what a source string means.
func (l *loader) locate(path string, as Representation) (origin, error) {
	if as == Detect {
		lower := strings.ToLower(path)
		switch {
		case strings.HasPrefix(strings.TrimLeft(path, " \t\r\n"), "{") && strings.Contains(path, "}"):
			as = JSONString
		case strings.HasSuffix(lower, ".json"):
			as = JSON
		case strings.HasSuffix(lower, ".yml"), strings.HasSuffix(lower, ".yaml"):
			as = YAML
		}
	}
	switch as {
	case Detect:
		return l.finder.file(path, anyFormat)
	case JSON:
		return l.finder.file(path, jsonFormat)
	case YAML:
		return l.finder.file(path, yamlFormat)
	case JSONModule:
		return l.finder.moduleFile(path, jsonFormat)
	case YAMLModule:
		return l.finder.moduleFile(path, yamlFormat)
	case JSONString:
		return origin{text: []byte(path)}, nil
	case JSONDict:
		return origin{}, fmt.Errorf("%s: with representation %q a graph is a mapping, not a string", excerpt([]byte(path)), as)
	}
	return origin{}, fmt.Errorf("unknown representation %q", as)
}

func (l *loader) decodeOrigin(o origin) (*document, error) {
	if o.file == "" {
		return l.decode("", o.text, jsonFormat)
	}
	data, err := l.readFile(o.file, o.format)
	if err != nil {
		return nil, err
	}
	doc, err := l.decode(o.file, data, o.format)
	if err == nil && o.graphID != "" {
		doc.id = o.graphID
	}
	return doc, err
}

func (l *loader) decodeText(name string, data []byte, as Representation) (*document, error) {
	switch as {
	case Detect:
		return l.decode(name, data, anyFormat)
	case YAML, YAMLModule:
		return l.decode(name, data, yamlFormat)
	case JSON, JSONDict, JSONString, JSONModule:
		return l.decode(name, data, jsonFormat)
	}
	return nil, fmt.Errorf("unknown representation %q", as)
}

// UnmarshalJSON loads a document that names no files with the default limits.
func (w *Workflow) UnmarshalJSON(data []byte) error {
	loaded, err := Load(Source{Data: data, Representation: JSONDict}, LoadOptions{})
	if err != nil {
		return err
	}
	*w = *loaded
	return nil
}

var _ json.Unmarshaler = (*Workflow)(nil)
