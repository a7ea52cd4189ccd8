function file = written(varargin)
% file = written(line, ...)
%   A new file of these lines, and the way to be rid of it: delete(file).

file = tempname();
handle = fopen(file, 'w');
fprintf(handle, '%s\n', varargin{:});
fclose(handle);

end
