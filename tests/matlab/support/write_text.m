function file = write_text(name, varargin)
% Writes lines to a file of the current folder; its name.

file = name;
handle = fopen(file, 'w');
fprintf(handle, '%s\n', varargin{:});
fclose(handle);

end
