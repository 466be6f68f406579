return Mesh.Simulation.SimulateCommand.Run(args, Console.Out);
