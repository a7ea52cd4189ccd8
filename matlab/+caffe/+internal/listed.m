function list = listed(value)
% list = listed(value)
%   A decoded list of JSON as a column of cells: jsondecode gives arrays, structs or cells, by what stands in it.

if iscell(value)
  list = reshape(value, [], 1);
else
  list = reshape(num2cell(value), [], 1);
end

end
