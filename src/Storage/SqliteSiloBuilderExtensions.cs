using Orleans.Hosting;
using Orleans.Runtime.Hosting;

namespace Mesh.Storage;

/// <summary>Adds the storage to a silo.</summary>
public static class SqliteSiloBuilderExtensions
{
    /// <summary>Keeps the states that grains ask for under this name in an SQLite file.</summary>
    public static ISiloBuilder AddSqliteGrainStorage(this ISiloBuilder builder, string name, Action<SqliteGrainStorageOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new SqliteGrainStorageOptions();
        configure(options);
        builder.Services.AddGrainStorage(name, (_, key) => new SqliteGrainStorage(key, options));
        return builder;
    }
}
