package jobscript

// setup is one line of shell that makes a part of the environment, and what to call it
// when it fails.
type setup struct{ Line, What string }

// environment are the lines that modules, venv and conda stand for. A batch shell is no
// login shell, so the commands that they need are looked for where sites put them.
func (p Pool) environment() (lines []setup) {
	if len(p.Modules) > 0 {
		lines = append(lines, setup{
			`type module >/dev/null 2>&1 || { for ewoks_hpc_file in /etc/profile.d/*lmod.sh /etc/profile.d/modules.sh; do if [ -r "$ewoks_hpc_file" ]; then . "$ewoks_hpc_file"; break; fi; done; type module >/dev/null 2>&1; }`,
			quote("modules: there is no command module"),
		})
	}
	for _, name := range p.Modules {
		lines = append(lines, setup{"module load " + quote(name), quote("modules: " + name)})
	}
	if p.Venv != "" {
		lines = append(lines, setup{". " + quote(p.Venv+"/bin/activate"), quote("venv: " + p.Venv)})
	}
	if p.Conda != "" {
		lines = append(lines, setup{
			`ewoks_hpc_conda=$(conda shell.bash hook) && eval "$ewoks_hpc_conda" && conda activate ` + quote(p.Conda), quote("conda: " + p.Conda),
		})
	}
	return lines
}
