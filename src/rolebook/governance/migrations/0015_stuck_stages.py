from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('governance', '0014_review_moves'),
    ]

    operations = [
        migrations.AddField(
            model_name='stage',
            name='stuck_since',
            field=models.DateTimeField(null=True),
        ),
    ]
