return await Mesh.Local.Command.LocalClusterCommand.RunAsync(args);
