function reset_all()
% reset_all()
%   Gives up all nets and solvers. Where the engine is gone, the next use starts another.

caffe.internal.current_engine('reset');

end
