package jobscript

import (
	"fmt"
	"io/fs"
	"strings"
	"text/template"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/templates"
)

// maxScript is far below the 4 MB that sbatch accepts.
const maxScript = 1 << 20

// Worker says what a job starts.
type Worker struct {
	Binary     string // absolute path of ewoks-hpc on the nodes
	Verb       string // command of it that gets the arguments of a worker; "" is worker
	AccessFile string // absolute path, or that of the folder with those of all jobs; the script holds no secret
	LaunchKey  string // names the launch, [A-Za-z0-9_.-]{1,64}
	// Dir is the absolute path of the folder where the job runs, and where its
	// log goes when the pool has no log_directory. Empty leaves both to Slurm.
	Dir string
}

// Script is one sbatch script.
type Script struct {
	Text string
	// Args are the directives once more as arguments of sbatch. Given on the
	// command line they win over SBATCH_* variables, which win over the script.
	Args []string
	// LogDirectory has to exist on the nodes before the job starts, else the job
	// fails without a log. Empty when Slurm or an extra directive decides.
	LogDirectory string
}

// page is what a template can use.
type page struct {
	Shebang            string
	Directives         []string // "--mem=4G", without "#SBATCH"
	Comments           []string // without "#"
	WalltimeSeconds    int64    // 0 when the partition decides
	Environment        []setup  // shell that comes before the prologue
	Prologue, Epilogue []string
	Command            string // shell text that starts the worker
}

// Render writes the script of one job of the pool from the template
// templates.Job. Errors name the option at fault (see OptionError).
func Render(p Pool, w Worker, fsys fs.FS) (Script, error) {
	if err := p.Validate(); err != nil {
		return Script{}, err
	}
	if err := w.validate(); err != nil {
		return Script{}, err
	}
	p = p.withDefaults()
	kept := withoutReplaced(withoutSkipped(p.directives(w), p.JobDirectivesSkip), p.JobExtraDirectives)
	script := Script{}
	content := page{
		Shebang:         p.Shebang,
		Comments:        p.comments(kept),
		WalltimeSeconds: int64(p.effectiveWalltime() / time.Second),
		Environment:     p.environment(),
		Prologue:        p.JobScriptPrologue,
		Epilogue:        p.JobScriptEpilogue,
		Command:         p.command(w),
	}
	for _, d := range kept {
		content.Directives = append(content.Directives, d.String())
		if d.name == "output" {
			script.LogDirectory = p.logDirectory(w)
		}
	}
	content.Directives = append(content.Directives, p.JobExtraDirectives...)
	for _, line := range content.Directives {
		words, err := sbatchWords(line)
		if err != nil {
			return Script{}, fmt.Errorf("directive %q: %w", line, err)
		}
		script.Args = append(script.Args, words...)
	}
	var err error
	script.Text, err = execute(fsys, content)
	return script, err
}

func execute(fsys fs.FS, content page) (string, error) {
	parsed, err := template.ParseFS(fsys, templates.Job)
	if err != nil {
		return "", fmt.Errorf("template: %w", err)
	}
	var text strings.Builder
	if err := parsed.Execute(&text, content); err != nil {
		return "", fmt.Errorf("template: %w", err)
	}
	if text.Len() > maxScript {
		return "", fmt.Errorf("the job script has %d bytes, more than %d", text.Len(), maxScript)
	}
	return text.String(), nil
}

// comments tell the reader of a script what its numbers come from.
func (p Pool) comments(kept []directive) []string {
	processes, threads := p.Slots()
	list := []string{fmt.Sprintf("ewoks-hpc: pool %s, processes %d, threads %d", p.Name, processes, threads)}
	option, asked := p.memoryAsked()
	for _, d := range kept {
		if asked != "" && strings.HasPrefix(d.name, "mem") {
			unit := map[byte]string{'M': "MiB", 'G': "GiB"}[d.value[len(d.value)-1]]
			list = append(list, fmt.Sprintf("%s: %s asked, %s (%s) given to Slurm", option, asked, d.value, unit))
		}
	}
	return list
}

func (w Worker) validate() error {
	if err := checkFolder(w.Binary); err != nil {
		return in("binary", err)
	}
	if err := checkFolder(w.AccessFile); err != nil {
		return in("access file", err)
	}
	if w.Dir != "" {
		if err := checkFolder(w.Dir); err != nil {
			return in("working directory", err)
		}
	}
	return in("launch key", checkJobName(w.LaunchKey))
}
