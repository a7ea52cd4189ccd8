// What tiles in workgroup memory hold.
alias Staged = vec4f;
