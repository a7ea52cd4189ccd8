// Tiles of halves: half the workgroup memory and half of what is read from it; sums stay whole.
enable f16;
alias Staged = vec4h;
