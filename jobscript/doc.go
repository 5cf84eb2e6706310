// Package jobscript turns a pool into the sbatch script of one worker job and
// into the sbatch arguments that say the same.
//
// The options have the meaning that users of dask-jobqueue know, with these
// differences:
//
//   - memory and walltime have no default. Without memory no --mem is asked;
//     without walltime the limit of the partition applies.
//   - GB is 10^9 and GiB is 2^30; G, M, K and T are what Slurm means by them,
//     powers of 1024. A number without a unit is refused.
//   - job_directives_skip takes options by their exact name ("--mem", "mem",
//     "-t") or whole lines ("--ntasks=1"), never substrings.
//   - job_extra_directives come last and are immune to job_directives_skip. One
//     that names an option that is generated replaces the generated line; so
//     does one that Slurm would refuse beside it (--mem-per-gpu beside --mem).
//   - processes has to divide cores, and a pool with GPUs has one slot per GPU.
//   - one item of worker_extra_args is one argument of the worker, whatever it
//     holds; in local_directory only variables are expanded.
//   - a value can never add a directive or a command: it is quoted or refused.
package jobscript
