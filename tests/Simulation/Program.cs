return Mesh.Simulation.Command.SimulateCommand.Run(args, Console.Out, Console.Error);
