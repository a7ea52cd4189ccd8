function set_mode_cpu()
% set_mode_cpu()
%   Nets and solvers that are made from now on compute on the CPU.

caffe.internal.current_engine('set', struct('op', 'setMode', 'mode', 'cpu'));

end
