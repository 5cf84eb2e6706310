package top

import (
	"context"
	"errors"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
)

// Cluster is what is shown.
type Cluster interface {
	Overview(ctx context.Context) (dashboard.Overview, error)
	// Order gives an order about a run, and returns what became of it in one line.
	Order(ctx context.Context, verb, run string) (text string, err error)
}

// Options say what is shown, and where.
type Options struct {
	Cluster Cluster
	// Name is that of the cluster.
	Name string
	// ASCII draws with letters only.
	ASCII bool
	// In and Out are a terminal, Env the environment: it says which colours the
	// terminal has, and whether they are wanted (no-color.org).
	In  io.Reader
	Out io.Writer
	Env []string
}

// interval is the time between two questions to the cluster, patience how long an
// answer may take.
const (
	interval = time.Second
	patience = 5 * time.Second
)

// Run shows the cluster until the user leaves, or ctx ends. Nobody is asked anything
// once it has returned.
func Run(ctx context.Context, o Options) error {
	p := program{ctx: ctx, cluster: o.Cluster, model: NewModel(o.Name, o.ASCII)}
	_, err := tea.NewProgram(p, tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithEnvironment(o.Env), tea.WithoutSignalHandler()).Run()
	if ctx.Err() != nil && errors.Is(err, tea.ErrProgramKilled) {
		return context.Cause(ctx)
	}
	return err
}

// program carries messages between the model, the terminal and the cluster.
type program struct {
	ctx     context.Context
	cluster Cluster
	model   Model
}

// obeyed tells what became of an order, and what the cluster looks like since then.
type obeyed struct {
	answer Answered
	since  tea.Msg
}

// again says that it is time for the next question.
type again struct{}

func (p program) Init() tea.Cmd { return p.ask }

func (p program) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	var wish Wish
	var next tea.Cmd
	switch message := message.(type) {
	case again:
		return p, p.ask
	case tea.WindowSizeMsg:
		p.model, _ = p.model.Update(Resized{message.Width, message.Height})
	case tea.KeyPressMsg:
		p.model, wish = p.model.Update(Key{message.String(), message.Text})
	case Picture, Trouble:
		p.model, _ = p.model.Update(message)
		next = tea.Tick(interval, func(time.Time) tea.Msg { return again{} })
	case obeyed:
		p.model, _ = p.model.Update(message.since)
		p.model, _ = p.model.Update(message.answer)
	}
	switch {
	case wish.Quit:
		next = tea.Quit
	case wish.Suspend:
		next = tea.Suspend
	case wish.Verb != "":
		next = p.order(wish)
	}
	return p, next
}

func (p program) View() tea.View {
	v := tea.NewView(p.model.View())
	v.AltScreen = true
	return v
}

func (p program) ask() tea.Msg {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	o, err := p.cluster.Overview(ctx)
	if err != nil {
		return Trouble{err, time.Now()}
	}
	return Picture{o, time.Now()}
}

func (p program) order(w Wish) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(p.ctx, patience)
		defer cancel()
		text, err := p.cluster.Order(ctx, w.Verb, w.Run)
		return obeyed{Answered{text, err}, p.ask()}
	}
}
