function solver = get_solver(solver_file)
% solver = get_solver(solver_file)
%   The solver of a prototxt file.

solver = caffe.Solver(solver_file);

end
