classdef Solver < handle
  % Trains a net.
  %
  % solver = caffe.Solver(solver_file)

  properties (Access = private)
    held
    number
  end
  properties (SetAccess = private)
    net
    test_nets
  end

  methods
    function self = Solver(solver_file)
      caffe.internal.must(nargin == 1 && ischar(solver_file), 'solver_file must be a string');
      engine = caffe.internal.current_engine();
      facts = engine.ask(struct('op', 'solver.open', 'file', solver_file));
      held = caffe.internal.Held(engine, facts.held, 'solver');
      self.held = held;
      self.number = facts.solver;
      self.net = caffe.Net(held, facts.net);
      tests = caffe.internal.listed(facts.testNets);
      self.test_nets = caffe.internal.vector(numel(tests), @(n) caffe.Net(held, tests{n}));
    end

    function iter = iter(self)
      % iter = solver.iter()
      %   How many iterations were done.
      iter = self.ask('solver.iter', struct());
    end

    function restore(self, snapshot_filename)
      % solver.restore(snapshot_filename)
      %   Goes on where a .solverstate was written.
      caffe.internal.must(ischar(snapshot_filename), 'snapshot_filename must be a string');
      self.ask('solver.restore', struct('file', snapshot_filename));
    end

    function solve(self)
      % solver.solve()
      %   Trains until max_iter.
      self.ask('solver.solve', struct());
    end

    function step(self, iters)
      % solver.step(iters)
      %   Does so many iterations.
      caffe.internal.must(isscalar(iters) && iters > 0, 'iters must be a positive whole number');
      self.ask('solver.step', struct('iterations', double(iters)));
    end
  end

  methods (Access = private)
    function answer = ask(self, op, fields)
      fields.op = op;
      fields.solver = self.number;
      answer = self.held.ask(fields);
    end
  end
end
